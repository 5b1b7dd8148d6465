import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { contentTag, Endpoint, ListQueryDto, type Page } from '@parley/platform/http';
import { UseCaseCatalogue } from './use-case-catalogue.service.js';
import { UseCaseDetailDto, type UseCaseDto, UseCaseListDto } from './use-cases.dto.js';

const TAG = 'Use cases';

@Controller('chat/use-cases')
export class UseCasesController {
  constructor(private readonly catalogue: UseCaseCatalogue) {}

  @Get()
  @Requires('use_case:read')
  @Endpoint({ summary: 'List what one can have a conversation with', tag: TAG, list: true })
  @ApiOkResponse({ type: UseCaseListDto })
  list(@CurrentActor() actor: Actor, @Query() query: ListQueryDto): Page<UseCaseDto> {
    return this.catalogue.list(actor, query);
  }

  @Get(':name')
  @Requires('use_case:read')
  @Endpoint({ summary: 'Read a use case with its prompts, examples and limits', tag: TAG, etag: contentTag })
  get(@CurrentActor() actor: Actor, @Param('name') name: string): UseCaseDetailDto {
    return this.catalogue.get(actor, name);
  }
}
