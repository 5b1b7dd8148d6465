import { applyDecorators, Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { AcceptedType, asAsked, Endpoint, EVENT_STREAM_TYPE, IdParam } from '@parley/platform/http';
import { LogService, parseSeq } from '@parley/sessions';
import type { Response } from 'express';
import { EventPageDto, EventsQueryDto } from '../turns/chat.dto.js';
import { EVENT_STREAM } from './event-stream.example.js';
import { EventStreams } from './event-streams.service.js';

const EventsEndpoint = (): MethodDecorator =>
  applyDecorators(
    Endpoint({
      summary: 'Follow a conversation’s log as a stream, or page through it',
      tag: 'Events',
      produces: ['application/json', EVENT_STREAM_TYPE],
      unhurried: true,
    }),
    ApiHeader({ name: 'Last-Event-ID', required: false, description: 'As `after`, and goes before it.' }),
    ApiExtraModels(EventPageDto),
    ApiOkResponse({
      description: 'A page of the log; to `Accept: text/event-stream` what came after `after`, and then what comes.',
      content: { 'application/json': { schema: { $ref: getSchemaPath(EventPageDto) } }, ...EVENT_STREAM },
    }),
  );

@Controller('chat/sessions/:session_id/events')
export class EventsController {
  constructor(
    private readonly log: LogService,
    private readonly streams: EventStreams,
  ) {}

  @Get()
  @Requires('session:read')
  @EventsEndpoint()
  async events(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @Query() query: EventsQueryDto,
    @Headers('last-event-id') lastEventId: string | undefined,
    @AcceptedType() type: string,
    @Res() response: Response,
  ): Promise<void> {
    const after = parseSeq(lastEventId) ?? query.after ?? 0;
    if (type === EVENT_STREAM_TYPE) {
      await this.log.requireSession(actor, sessionId);
      this.streams.start(actor, response, { sessionId, after });
      return;
    }
    const { limit, cursor, order = 'asc' } = query;
    const page = await this.log.page(actor, sessionId, {
      after,
      limit,
      order,
      ...(cursor === undefined ? {} : { cursor }),
    });
    response.json(asAsked(response.req, response, page));
  }
}
