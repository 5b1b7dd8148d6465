import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { platformErrors } from '@parley/platform/errors';
import { type CursorBinding, CursorCodec, type Page } from '@parley/platform/http';
import { z } from 'zod';
import { LogRepository } from './log.repository.js';
import type { LogEvent } from './log-events.js';

const position = z.number().int();

/** The log as pages; as a stream it is read through `Readers`. */
@Injectable()
export class LogService {
  constructor(
    private readonly log: LogRepository,
    private readonly cursors: CursorCodec,
  ) {}

  /** Oldest first, always: the log has one order. */
  async page(
    actor: Actor,
    sessionId: string,
    query: { after: number; cursor?: string; limit: number },
  ): Promise<Page<LogEvent>> {
    const binding: CursorBinding = { list: `events:${sessionId}`, orgId: actor.orgId, principalId: actor.principalId };
    const after =
      query.cursor === undefined
        ? query.after
        : this.cursors.decode(query.cursor, binding, (stored) => position.parse(stored));
    const page = await this.log.page(actor, sessionId, after, query.limit + 1);
    if (page === undefined) throw platformErrors.NOT_FOUND();
    return this.cursors.page(page.events, query.limit, (event) => event.seq, binding);
  }

  /** @throws NOT_FOUND when the actor may not see the session */
  async requireSession(actor: Actor, sessionId: string): Promise<{ lastSeq: number }> {
    const lastSeq = await this.log.lastSeq(actor, sessionId);
    if (lastSeq === undefined) throw platformErrors.NOT_FOUND();
    return { lastSeq };
  }
}
