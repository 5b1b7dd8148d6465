import { Body, Controller, Param, Post } from '@nestjs/common';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { Endpoint } from '@parley/platform/http';
import { UseCaseCatalogue } from '@parley/use-cases';
import { TrialDto, type TrialResultDto } from './trials.dto.js';
import { TrialsService } from './trials.service.js';

@Controller('chat/use-cases/:name')
export class TrialsController {
  constructor(
    private readonly useCases: UseCaseCatalogue,
    private readonly trials: TrialsService,
  ) {}

  @Post('test')
  @Requires('use_case:test')
  @Endpoint({
    summary: 'Try a use case out: it runs for real, and nothing of it is kept',
    tag: 'Use cases',
    limit: 'use_case.test',
    unhurried: true,
    example: { message: 'What is an append-only log?', settings: { response_style: 'concise' } },
  })
  run(@CurrentActor() actor: Actor, @Param('name') name: string, @Body() input: TrialDto): Promise<TrialResultDto> {
    // A name in the address that leads nowhere is no thing here, not a mistake in the body.
    const useCase = this.useCases.get(actor, name);
    return this.trials.run(actor, useCase.name, input);
  }
}
