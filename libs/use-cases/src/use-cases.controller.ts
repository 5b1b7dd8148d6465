import { Controller, Get, Param } from '@nestjs/common';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { Endpoint, type Page } from '@parley/platform/http';
import { UseCaseCatalogue } from './use-case-catalogue.service.js';
import { UseCaseDetailDto, UseCaseDto } from './use-cases.dto.js';

@Controller('chat/use-cases')
export class UseCasesController {
  constructor(private readonly catalogue: UseCaseCatalogue) {}

  @Get()
  @Requires('use_case:read')
  @Endpoint({ summary: 'What one can have a conversation with', tag: 'use cases', list: true })
  list(@CurrentActor() actor: Actor): Page<UseCaseDto> {
    return this.catalogue.list(actor);
  }

  @Get(':name')
  @Requires('use_case:read')
  @Endpoint({ summary: 'One use case with its prompts, examples and limits', tag: 'use cases' })
  get(@CurrentActor() actor: Actor, @Param('name') name: string): UseCaseDetailDto {
    return this.catalogue.get(actor, name);
  }
}
