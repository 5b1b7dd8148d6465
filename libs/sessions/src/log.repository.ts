import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import type { LogEvent } from './log-events.js';
import { MESSAGE_COLUMNS } from './messages.repository.js';
import { type EventRow, renderEvent, renderMessage, renderRun } from './rows.js';
import { RUN_COLUMNS } from './runs.repository.js';

/** Reads the log of a session. Writing it is part of what it tells of: see the repositories of turns. */
@Injectable()
export class LogRepository {
  constructor(private readonly database: Database) {}

  /** The present end of the log; undefined when the actor may not see the session. */
  lastSeq(actor: Actor, sessionId: string): Promise<number | undefined> {
    return this.database.as(actor, async (db) => {
      const row = await db
        .selectFrom('sessions')
        .select('last_seq')
        .where('org_id', '=', actor.orgId)
        .where('id', '=', sessionId)
        .where('owner_id', '=', actor.principalId)
        .where('deleted_at', 'is', null)
        .executeTakeFirst();
      return row?.last_seq;
    });
  }

  /** Where the logs of these sessions stand: one read for all readers of a node. */
  lastSeqs(actor: Actor, sessionIds: readonly string[]): Promise<{ sessionId: string; lastSeq: number }[]> {
    return this.database.as(actor, (db) =>
      db
        .selectFrom('sessions')
        .select(['id as sessionId', 'last_seq as lastSeq'])
        .where(sql<boolean>`id = any(${[...sessionIds]}::text[])`)
        .execute(),
    );
  }

  /**
   * Events after `after`, oldest first; undefined when the actor may not see the session (any more).
   * One index range for the events, one look-up each for the rows they refer to.
   */
  page(
    actor: Actor,
    sessionId: string,
    after: number,
    limit: number,
  ): Promise<{ events: LogEvent[]; lastSeq: number } | undefined> {
    return this.database.as(actor, async (db) => {
      const session = await db
        .selectFrom('sessions')
        .select('last_seq')
        .where('org_id', '=', actor.orgId)
        .where('id', '=', sessionId)
        .where('owner_id', '=', actor.principalId)
        .where('deleted_at', 'is', null)
        .executeTakeFirst();
      if (session === undefined) return undefined;
      if (session.last_seq <= after) return { events: [], lastSeq: session.last_seq };
      const rows = await db
        .selectFrom('session_events')
        .select(['seq', 'type', 'session_id', 'run_id', 'message_id', 'at', 'data'])
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute();
      const render = await renderer(db, actor, rows);
      return { events: rows.map(render), lastSeq: session.last_seq };
    });
  }
}

async function renderer(db: Executor, actor: Actor, rows: readonly (EventRow & { message_id: string | null })[]) {
  const messageIds = distinct(rows.filter((row) => row.type.startsWith('message.')).map((row) => row.message_id));
  const runIds = distinct(rows.filter((row) => row.type.startsWith('run.')).map((row) => row.run_id));
  const messages =
    messageIds.length === 0
      ? []
      : await db
          .selectFrom('messages')
          .select(MESSAGE_COLUMNS)
          .where('org_id', '=', actor.orgId)
          .where('id', 'in', messageIds)
          .execute();
  const runs =
    runIds.length === 0
      ? []
      : await db
          .selectFrom('runs')
          .select(RUN_COLUMNS)
          .where('org_id', '=', actor.orgId)
          .where('id', 'in', runIds)
          .execute();
  const messageById = new Map(messages.map((row) => [row.id, renderMessage(row)]));
  const runById = new Map(runs.map((row) => [row.id, renderRun(row)]));
  return (row: EventRow & { message_id: string | null }): LogEvent =>
    renderEvent(row, messageById.get(row.message_id ?? '') ?? null, runById.get(row.run_id ?? '') ?? null);
}

function distinct(ids: readonly (string | null)[]): string[] {
  return [...new Set(ids.filter((id) => id !== null))];
}
