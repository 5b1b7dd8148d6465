import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor, part, Statement } from '@parley/platform/database';
import { type RawBuilder, sql } from 'kysely';
import { type EventRow, MESSAGE_COLUMNS, RUN_COLUMNS, renderEvent, renderMessage, renderRun } from '../rows.js';
import type { LogEvent } from './log-events.js';

export interface OpenComponent {
  readonly component: string;
  readonly startedAt: Date;
}

interface LogPage {
  readonly events: LogEvent[];
  readonly lastSeq: number;
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
    await this.database.look(actor, found);
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
  ): Promise<LogPage | undefined> {
    const order = newestFirst === undefined ? sql`seq` : sql`seq desc`;
    return this.read(actor, sessionId, logged({ after, before: newestFirst?.before ?? BEYOND, limit, order }), order);
  }

  /**
   * As `page`, but at most as many events as come to `maxBytes`, about, with the messages and runs that they show. One
   * event at least: what is larger goes alone.
   */
  stretch(
    actor: Actor,
    sessionId: string,
    after: number,
    { limit, maxBytes }: { readonly limit: number; readonly maxBytes: number },
  ): Promise<LogPage | undefined> {
    const order = sql`seq`;
    const events = logged({ after, before: BEYOND, limit, order });
    return this.read(actor, sessionId, weighed(events, maxBytes), order);
  }

  private read(
    actor: Actor,
    sessionId: string,
    events: RawBuilder<unknown>,
    order: RawBuilder<unknown>,
  ): Promise<LogPage | undefined> {
    return this.database.as(actor, async (db) => {
      // The session's row, and with it each event; without events the row alone.
      const { rows } = await sql<{ lastSeq: number } & (LoggedRow | NoRow)>`
        select s.last_seq as "lastSeq", e.* from sessions s
        left join lateral (${events}) as e on true
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

/** Rows of the log of the session `s`. */
function logged(range: { after: number; before: number; limit: number; order: RawBuilder<unknown> }) {
  return sql`
    select seq, type, session_id, run_id, message_id, at, data from session_events
    where org_id = s.org_id and session_id = s.id and seq > ${range.after} and seq < ${range.before}
    order by ${range.order} limit ${range.limit}`;
}

/** A message shows its text twice, as content and as its parts, unless parts of its own are stored. */
const BYTES_OF_MESSAGE = sql`
  select octet_length(m.content) + coalesce(octet_length(m.parts::text), octet_length(m.content))
    + coalesce(octet_length(m.attachments::text), 0) + octet_length(m.metadata::text)
  from messages m where m.org_id = s.org_id and m.id = l.message_id`;
const BYTES_OF_RUN = sql`
  select octet_length(r.component_results::text) from runs r where r.org_id = s.org_id and r.id = l.run_id`;

/** Those of the events, oldest first, that others do not fill the bytes before; the first one always. */
function weighed(events: RawBuilder<unknown>, maxBytes: number) {
  // The length of a text stands beside it: it is told without reading the text.
  return sql`
    select seq, type, session_id, run_id, message_id, at, data from (
      select *, sum(bytes) over (order by seq) - bytes as before from (
        select l.*, coalesce(octet_length(l.data::text), 0) + coalesce(case
          when l.type like 'message.%' then (${BYTES_OF_MESSAGE})
          when l.type in ('run.completed', 'run.failed', 'run.cancelled') then (${BYTES_OF_RUN}) end, 0) as bytes
        from (${events}) as l) as m) as w
    where before < ${maxBytes}`;
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
