import { Body, Controller, Get, Post } from '@nestjs/common';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { Endpoint, IdParam } from '@parley/platform/http';
import { RunDto } from '@parley/sessions';
import { RunInputDto } from '../turns/chat.dto.js';
import { RunsService } from './runs.service.js';

const TAG = 'Runs';

@Controller('chat/sessions/:session_id/runs')
export class RunsController {
  constructor(private readonly runs: RunsService) {}

  @Get(':run_id')
  @Requires('message:read')
  @Endpoint({
    summary: 'Read how an answer is coming along',
    tag: TAG,
    etag: (run: RunDto) => `${run.status}.${run.last_seq}`,
  })
  get(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @IdParam('run') runId: string,
  ): Promise<RunDto> {
    return this.runs.get(actor, sessionId, runId);
  }

  @Post(':run_id/cancel')
  @Requires('run:cancel')
  @Endpoint({ summary: 'Stop an answer; what was said so far is kept', tag: TAG, status: 202 })
  cancel(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @IdParam('run') runId: string,
  ): Promise<RunDto> {
    return this.runs.cancel(actor, sessionId, runId);
  }

  @Post(':run_id/input')
  @Requires('run:input')
  @Endpoint({
    summary: 'Decide or answer what a run waits for',
    tag: TAG,
    status: 202,
    example: { action_id: 'act_01JD3W8Q5X7Y2Z4A6B8C0D1E2F', decision: 'approve' },
  })
  input(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @IdParam('run') runId: string,
    @Body() _input: RunInputDto,
  ): Promise<RunDto> {
    return this.runs.input(actor, sessionId, runId);
  }
}
