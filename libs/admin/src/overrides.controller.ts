import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { ApiHeader, ApiOkResponse } from '@nestjs/swagger';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { Endpoint, type ExpectedVersions, IfMatch, ListQueryDto, type Page } from '@parley/platform/http';
import { OverrideDto, OverrideInputDto, OverrideListDto } from './overrides.dto.js';
import { OverridesService } from './overrides.service.js';

const TAG = 'Administration';
const etag = ({ version }: OverrideDto): string => String(version);
const IfMatchHeader = (): MethodDecorator =>
  ApiHeader({
    name: 'If-Match',
    required: true,
    description: 'ETag that was read: without it 428, changed since 412.',
  });

/** Overrides of use cases in the caller's organisation. */
@Controller('admin/use-cases')
@Requires('use_case:configure')
export class OverridesController {
  constructor(private readonly overrides: OverridesService) {}

  @Get()
  @Endpoint({
    summary: 'List what your organisation changes about use cases',
    tag: TAG,
    list: true,
    limit: 'admin.read',
  })
  @ApiOkResponse({ type: OverrideListDto })
  list(@CurrentActor() actor: Actor, @Query() query: ListQueryDto): Promise<Page<OverrideDto>> {
    return this.overrides.list(actor, query);
  }

  @Get(':name')
  @Endpoint({ summary: 'Read what your organisation changes about a use case', tag: TAG, limit: 'admin.read', etag })
  get(@CurrentActor() actor: Actor, @Param('name') name: string): Promise<OverrideDto> {
    return this.overrides.get(actor, name);
  }

  @Put(':name')
  @IfMatchHeader()
  @Endpoint({
    summary: 'Change settings, bounds and locks of a use case, or switch it off',
    description: 'Replaces the override whole; it counts from the next run of your organisation.',
    tag: TAG,
    limit: 'admin.write',
    etag,
    example: { settings: { temperature: 0.2 }, bounds: { max_output_tokens: { maximum: 1000 } }, locked: ['model'] },
  })
  replace(
    @CurrentActor() actor: Actor,
    @Param('name') name: string,
    @Body() input: OverrideInputDto,
    @IfMatch() expected: ExpectedVersions | undefined,
  ): Promise<OverrideDto> {
    return this.overrides.replace(actor, name, input, expected);
  }

  @Delete(':name')
  @IfMatchHeader()
  @Endpoint({ summary: 'Go back to the deployment’s settings', tag: TAG, status: 204, limit: 'admin.write' })
  reset(
    @CurrentActor() actor: Actor,
    @Param('name') name: string,
    @IfMatch() expected: ExpectedVersions | undefined,
  ): Promise<void> {
    return this.overrides.reset(actor, name, expected);
  }
}
