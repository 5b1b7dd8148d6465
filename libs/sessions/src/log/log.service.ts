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

  /** Events after `after`; from the end of the log backwards where `order` is `desc`. */
  async page(
    actor: Actor,
    sessionId: string,
    query: { after: number; cursor?: string; limit: number; order: 'asc' | 'desc' },
  ): Promise<Page<LogEvent>> {
    const { after, cursor, limit, order } = query;
    const binding: CursorBinding = {
      list: `events:${sessionId}`,
      orgId: actor.orgId,
      principalId: actor.principalId,
      // Forwards the cursor says where to go on; backwards `after` is where to stop.
      filters: { order, after: order === 'desc' ? after : undefined },
    };
    const from = cursor === undefined ? null : this.cursors.decode(cursor, binding, (stored) => position.parse(stored));
    const page =
      order === 'asc'
        ? await this.log.page(actor, sessionId, from ?? after, limit + 1)
        : await this.log.page(actor, sessionId, after, limit + 1, { before: from });
    if (page === undefined) throw platformErrors.NOT_FOUND();
    return this.cursors.page(page.events, limit, (event) => event.seq, binding);
  }

  /** @throws NOT_FOUND when the actor may not see the session */
  async requireSession(actor: Actor, sessionId: string): Promise<{ lastSeq: number }> {
    const lastSeq = await this.log.lastSeq(actor, sessionId);
    if (lastSeq === undefined) throw platformErrors.NOT_FOUND();
    return { lastSeq };
  }
}
