import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { AcceptedType, Endpoint, IdParam } from '@parley/platform/http';
import { LogService } from '@parley/sessions';
import type { Response } from 'express';
import { EventsQueryDto } from './chat.dto.js';
import { EventStreams } from './event-streams.service.js';

const STREAM = 'text/event-stream';
const SEQ = /^\d{1,15}$/;

@Controller('chat/sessions/:session_id/events')
export class EventsController {
  constructor(
    private readonly log: LogService,
    private readonly streams: EventStreams,
  ) {}

  @Get()
  @Requires('session:read')
  @Endpoint({
    summary: 'Follow a conversation’s log as a stream, or page through it',
    tag: 'Events',
    produces: ['application/json', STREAM],
    unhurried: true,
  })
  async events(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @Query() query: EventsQueryDto,
    @Headers('last-event-id') lastEventId: string | undefined,
    @AcceptedType() type: string,
    @Res() response: Response,
  ): Promise<void> {
    const after = lastEventId !== undefined && SEQ.test(lastEventId) ? Number(lastEventId) : (query.after ?? 0);
    if (type === STREAM) {
      await this.log.requireSession(actor, sessionId);
      this.streams.start(actor, response, { sessionId, after });
      return;
    }
    const { limit, cursor } = query;
    response.setHeader('Cache-Control', 'private, no-cache');
    response.json(
      await this.log.page(actor, sessionId, cursor === undefined ? { after, limit } : { after, limit, cursor }),
    );
  }
}
