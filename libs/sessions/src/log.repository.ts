import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor, part, Statement } from '@parley/platform/database';
import { sql } from 'kysely';
import type { LogEvent } from './log-events.js';
import { type EventRow, MESSAGE_COLUMNS, RUN_COLUMNS, renderEvent, renderMessage, renderRun } from './rows.js';

export interface OpenComponent {
  readonly component: string;
  readonly startedAt: Date;
}

type LoggedRow = EventRow & { readonly message_id: string | null };
type NoRow = { readonly seq: null };

/** Above every `seq`. */
const BEYOND = Number.MAX_SAFE_INTEGER;

/** Reads the log of a session. Writing it is part of what it tells of: see the repositories of turns. */
@Injectable()
export class LogRepository {
  constructor(private readonly database: Database) {}

  /** The present end of the log; undefined when the actor may not see the session. */
  async lastSeq(actor: Actor, sessionId: string): Promise<number | undefined> {
    const found = END_OF_LOG.of({ actor, sessionId });
    await this.database.flight(actor, found);
    return found.rows[0]?.lastSeq;
  }

  /** Where the logs of these sessions stand: one read for all readers of a node. Deleted ones are left out. */
  lastSeqs(actor: Actor, sessionIds: readonly string[]): Promise<{ sessionId: string; lastSeq: number }[]> {
    return this.database.as(actor, (db) =>
      db
        .selectFrom('sessions')
        .select(['id as sessionId', 'last_seq as lastSeq'])
        .where(sql<boolean>`id = any(${[...sessionIds]}::text[])`)
        .where('deleted_at', 'is', null)
        .execute(),
    );
  }

  /**
   * Events after `after`, oldest first, and where the log ends; undefined when the actor may not see the session
   * (any more). One index range for the events, one look-up each for the rows they refer to.
   * @param newestFirst the last ones, or those before `before`, newest first, instead
   */
  page(
    actor: Actor,
    sessionId: string,
    after: number,
    limit: number,
    newestFirst?: { readonly before: number | null },
  ): Promise<{ events: LogEvent[]; lastSeq: number } | undefined> {
    return this.database.as(actor, async (db) => {
      const order = newestFirst === undefined ? sql`seq` : sql`seq desc`;
      // The session's row, and with it each event; without events the row alone.
      const { rows } = await sql<{ lastSeq: number } & (LoggedRow | NoRow)>`
        select s.last_seq as "lastSeq", e.* from sessions s
        left join lateral (
          select seq, type, session_id, run_id, message_id, at, data from session_events
          where org_id = s.org_id and session_id = s.id and seq > ${after}
            and seq < ${newestFirst?.before ?? BEYOND}
          order by ${order} limit ${limit}) as e on true
        where s.org_id = ${actor.orgId} and s.id = ${sessionId} and s.owner_id = ${actor.principalId}
          and s.deleted_at is null
        order by ${order}`.execute(db);
      const [first] = rows;
      if (first === undefined) return undefined;
      const logged = rows.filter((row) => row.seq !== null);
      if (logged.length === 0) return { events: [], lastSeq: first.lastSeq };
      const render = await renderer(db, actor, logged);
      return { events: logged.map(render), lastSeq: first.lastSeq };
    });
  }

  /** Events that were ever appended to any log, as the database counts them; forgotten ones count too. */
  appended(actor: Actor): Promise<number> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ appended: number }>`
        select n_tup_ins as appended from pg_stat_user_tables
        where relid = 'session_events'::regclass`.execute(db);
      return rows[0]?.appended ?? 0;
    });
  }

  /** Components of a run that have begun and, as far as the log knows, not ended; in the order in which they began. */
  openComponents(actor: Actor, sessionId: string, runId: string): Promise<OpenComponent[]> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<OpenComponent>`
        with e as (
          select seq, type, at, data->>'component' as component from session_events
          where org_id = ${actor.orgId} and session_id = ${sessionId} and run_id = ${runId} and type like 'component.%'
            and seq > (select queue_seq - 3 from runs where org_id = ${actor.orgId} and id = ${runId}))
        select component, at as "startedAt" from e
        where type = 'component.started' and not exists (
          select from e later where later.type = 'component.completed' and later.component = e.component and later.seq > e.seq)
        order by seq`.execute(db);
      return rows;
    });
  }
}

/** Where the log of a session ends that the actor may see. */
const END_OF_LOG = new Statement<
  { readonly actor: Actor; readonly sessionId: string },
  { readonly lastSeq: number }
>(part`
  select last_seq as "lastSeq" from sessions
  where org_id = ${({ actor }) => actor.orgId} and id = ${({ sessionId }) => sessionId}
    and owner_id = ${({ actor }) => actor.principalId} and deleted_at is null`);

async function renderer(db: Executor, actor: Actor, rows: readonly LoggedRow[]) {
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
  return (row: LoggedRow): LogEvent =>
    renderEvent(row, messageById.get(row.message_id ?? '') ?? null, runById.get(row.run_id ?? '') ?? null);
}

function distinct(ids: readonly (string | null)[]): string[] {
  return [...new Set(ids.filter((id) => id !== null))];
}
