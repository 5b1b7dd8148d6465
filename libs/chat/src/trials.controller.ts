import { Body, Controller, Param, Post } from '@nestjs/common';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { Endpoint } from '@parley/platform/http';
import { TrialDto, type TrialResultDto } from './trials.dto.js';
import { TrialsService } from './trials.service.js';

@Controller('chat/use-cases/:name')
export class TrialsController {
  constructor(private readonly trials: TrialsService) {}

  @Post('test')
  @Requires('use_case:test')
  @Endpoint({
    summary: 'Try a use case out: it runs for real, and nothing of it is kept',
    tag: 'Use cases',
    limit: 'use_case.test',
    unhurried: true,
  })
  run(@CurrentActor() actor: Actor, @Param('name') name: string, @Body() input: TrialDto): Promise<TrialResultDto> {
    return this.trials.run(actor, name, input);
  }
}
