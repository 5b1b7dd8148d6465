import { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, Post, Put, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiHeader, ApiOkResponse } from '@nestjs/swagger';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import {
  Endpoint,
  type ExpectedVersions,
  Idempotent,
  IdParam,
  IfMatch,
  locate,
  type Page,
} from '@parley/platform/http';
import type { Response } from 'express';
import { CloneService } from './clone.service.js';
import { ExportService } from './export.service.js';
import {
  CloneSessionDto,
  CreateSessionDto,
  ExportQueryDto,
  SessionDto,
  SessionListDto,
  SessionListQueryDto,
  UpdateSessionDto,
} from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

const TAG = 'Sessions';
const TEXT = { schema: { type: 'string' } } as const;
const IfMatchHeader = (): MethodDecorator =>
  ApiHeader({ name: 'If-Match', required: false, description: 'ETag that was read: an object changed since is 412.' });
const etag = (session: SessionDto): string => `${session.version}.${session.last_seq}`;

@Controller('chat/sessions')
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly clones: CloneService,
    private readonly exports: ExportService,
  ) {}

  @Post()
  @Requires('session:create')
  @Idempotent()
  @Endpoint({
    summary: 'Begin a conversation',
    tag: TAG,
    status: 201,
    limit: 'sessions.create',
    etag,
    example: { use_case: 'basic_chat', settings: { personality: 'technical_expert' } },
  })
  async create(
    @CurrentActor() actor: Actor,
    @Body() input: CreateSessionDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SessionDto> {
    const session = await this.sessions.create(actor, input);
    locate(response, `chat/sessions/${session.session_id}`);
    return session;
  }

  @Get()
  @Requires('session:read')
  @Endpoint({ summary: 'List your conversations, latest activity first', tag: TAG, list: true })
  @ApiOkResponse({ type: SessionListDto })
  list(@CurrentActor() actor: Actor, @Query() query: SessionListQueryDto): Promise<Page<SessionDto>> {
    return this.sessions.list(actor, query);
  }

  @Get(':session_id')
  @Requires('session:read')
  @Endpoint({ summary: 'Read a conversation’s settings and state', tag: TAG, etag })
  get(@CurrentActor() actor: Actor, @IdParam('session') sessionId: string): Promise<SessionDto> {
    return this.sessions.get(actor, sessionId);
  }

  @Put(':session_id')
  @Requires('session:update')
  @IfMatchHeader()
  @Endpoint({
    summary: 'Change title, tags, metadata, settings or status',
    tag: TAG,
    etag,
    example: { title: 'Ferries to Aran', settings: { response_style: 'concise' } },
  })
  update(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @Body() input: UpdateSessionDto,
    @IfMatch() expected: ExpectedVersions | undefined,
  ): Promise<SessionDto> {
    return this.sessions.update(actor, sessionId, input, expected);
  }

  @Delete(':session_id')
  @Requires('session:delete')
  @IfMatchHeader()
  @Endpoint({ summary: 'Delete a conversation', tag: TAG, status: 204 })
  remove(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @IfMatch() expected: ExpectedVersions | undefined,
  ): Promise<void> {
    return this.sessions.remove(actor, sessionId, expected);
  }

  @Post(':session_id/clone')
  @Requires('session:create')
  @Idempotent()
  @Endpoint({
    summary: 'Copy a conversation, or its beginning',
    tag: TAG,
    status: 201,
    limit: 'sessions.create',
    etag,
    example: { title: 'Ferries, another way' },
  })
  async clone(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @Body() input: CloneSessionDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SessionDto> {
    const session = await this.clones.clone(actor, sessionId, input);
    locate(response, `chat/sessions/${session.session_id}`);
    return session;
  }

  @Get(':session_id/export')
  @Requires('session:export')
  @Endpoint({
    summary: 'Download the whole conversation',
    tag: TAG,
    limit: 'export',
    produces: ['application/json', 'text/markdown', 'text/csv'],
    unhurried: true,
  })
  @ApiOkResponse({
    description: 'A file: session and messages as JSON, a text to read, or one message a row.',
    content: { 'application/json': { schema: { type: 'object' } }, 'text/markdown': TEXT, 'text/csv': TEXT },
  })
  async export(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @Query() query: ExportQueryDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const { mediaType, fileName, pieces } = await this.exports.export(actor, sessionId, query.format);
    response.setHeader('Cache-Control', 'no-store');
    return new StreamableFile(Readable.from(pieces), {
      type: mediaType,
      disposition: `attachment; filename="${fileName}"`,
    });
  }
}
