import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import { MESSAGE_COLUMNS, type MessageRow } from '../rows.js';
import { ownSession, type TitleSource } from '../sessions/sessions.repository.js';

/** What an erasure has left to be done. */
export interface Erased {
  readonly lastSeq: number;
  /** Who had written the title that the session has lost with it; null where it has lost none. */
  readonly lostTitle: Extract<TitleSource, 'excerpt' | 'model'> | null;
  readonly unsummarised?: number;
}

@Injectable()
export class MessagesRepository {
  constructor(private readonly database: Database) {}

  /** A page by `seq`, exclusive of `after`; undefined when the actor may not see the session. */
  page(
    actor: Actor,
    sessionId: string,
    page: { after: number | null; limit: number; order: 'asc' | 'desc' },
  ): Promise<MessageRow[] | undefined> {
    return this.database.as(actor, async (db) => {
      if ((await ownSession(db, actor, sessionId).select('id').executeTakeFirst()) === undefined) return undefined;
      let query = db
        .selectFrom('messages')
        .select(MESSAGE_COLUMNS)
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId);
      if (page.after !== null) query = query.where('seq', page.order === 'asc' ? '>' : '<', page.after);
      return query.orderBy('seq', page.order).limit(page.limit).execute();
    });
  }

  find(actor: Actor, sessionId: string, messageId: string): Promise<MessageRow | undefined> {
    return this.database.as(actor, async (db) => {
      if ((await ownSession(db, actor, sessionId).select('id').executeTakeFirst()) === undefined) return undefined;
      return db
        .selectFrom('messages')
        .select(MESSAGE_COLUMNS)
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId)
        .where('id', '=', messageId)
        .executeTakeFirst();
    });
  }

  /** The last answer that a run has given. */
  lastOfRun(actor: Actor, sessionId: string, runId: string): Promise<MessageRow | undefined> {
    return this.database.as(actor, async (db) => {
      const run = await db
        .selectFrom('runs')
        .select('message_seq')
        .where('org_id', '=', actor.orgId)
        .where('id', '=', runId)
        .where('session_id', '=', sessionId)
        .where('owner_id', '=', actor.principalId)
        .executeTakeFirst();
      if (run === undefined) return undefined;
      return db
        .selectFrom('messages')
        .select(MESSAGE_COLUMNS)
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId)
        .where('turn_seq', '=', run.message_seq)
        .where('run_id', '=', runId)
        .where('role', '=', 'assistant')
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst();
    });
  }

  /** What the components of these runs reported, by run. */
  componentResults(actor: Actor, runIds: readonly string[]): Promise<Map<string, unknown>> {
    return this.database.as(actor, async (db) => {
      if (runIds.length === 0) return new Map<string, unknown>();
      const rows = await db
        .selectFrom('runs')
        .select(['id', 'component_results'])
        .where('org_id', '=', actor.orgId)
        .where('id', 'in', [...runIds])
        .execute();
      return new Map(rows.map((row) => [row.id, row.component_results]));
    });
  }

  /**
   * Erases content and attachments; the row and its `seq` stay, and a `message.updated` event is
   * appended. A queued run of that message ends as cancelled, and a title that the program wrote from its
   * turn goes, in the log too; a summary that holds the message goes: `unsummarised` is the window that it was written for. `undefined`: no such message;
   * `busy`: a run is answering it.
   */
  erase(actor: Actor, sessionId: string, messageId: string, at: Date): Promise<Erased | 'busy' | undefined> {
    return this.database.as(actor, async (db) => {
      const session = await ownSession(db, actor, sessionId)
        .select(['last_seq', 'title_source'])
        .forUpdate()
        .executeTakeFirst();
      if (session === undefined) return undefined;
      const message = await db
        .selectFrom('messages')
        .select(['status', 'role', 'parent_id'])
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId)
        .where('id', '=', messageId)
        .executeTakeFirst();
      if (message === undefined) return undefined;
      if (message.status === 'deleted') return { lastSeq: session.last_seq, lostTitle: null };
      const runs = await db
        .selectFrom('runs')
        .select(['id', 'status'])
        .where('org_id', '=', actor.orgId)
        .where('message_id', '=', messageId)
        .where('status', 'in', ['queued', 'running', 'waiting'])
        .execute();
      if (runs.some((run) => run.status !== 'queued')) return 'busy';
      const questionId = message.role === 'user' ? messageId : message.parent_id;
      const lostTitle = await eraseTitle(db, actor, { sessionId, questionId, source: session.title_source, at });
      const lastSeq = await eraseRows(db, actor, { sessionId, messageId, queued: runs.map((run) => run.id), at });
      const window = await eraseSummary(db, actor, sessionId, messageId);
      return { lastSeq, lostTitle, ...(window === undefined ? {} : { unsummarised: window }) };
    });
  }
}

/** Titles that the program wrote from this turn go from the log; says who wrote the one that the session bore. */
async function eraseTitle(
  db: Executor,
  actor: Actor,
  what: { sessionId: string; questionId: string | null; source: TitleSource; at: Date },
): Promise<Erased['lostTitle']> {
  const { rows: told } = await sql`
    update session_events set data = jsonb_set(data, '{title}', 'null')
    where org_id = ${actor.orgId} and session_id = ${what.sessionId} and type = 'session.updated'
      and message_id = ${what.questionId} returning seq`.execute(db);
  if (told.length === 0 || (what.source !== 'excerpt' && what.source !== 'model')) return null;
  await sql`
    with s as (
      update sessions set title = null, title_source = 'none', version = version + 1, last_seq = last_seq + 1,
        updated_at = ${what.at}
      where org_id = ${actor.orgId} and id = ${what.sessionId} returning last_seq)
    insert into session_events (org_id, session_id, seq, type, at, data)
    select ${actor.orgId}, ${what.sessionId}, s.last_seq, 'session.updated', ${what.at}, '{"title":null}' from s`.execute(
    db,
  );
  return what.source;
}

async function eraseSummary(
  db: Executor,
  actor: Actor,
  sessionId: string,
  messageId: string,
): Promise<number | undefined> {
  const row = await db
    .deleteFrom('session_summaries')
    .where('org_id', '=', actor.orgId)
    .where('session_id', '=', sessionId)
    .where(sql<boolean>`${messageId} = any(source_message_ids)`)
    .returning('context_window')
    .executeTakeFirst();
  return row?.context_window;
}

async function eraseRows(
  db: Executor,
  actor: Actor,
  what: { sessionId: string; messageId: string; queued: readonly string[]; at: Date },
): Promise<number> {
  const appended = what.queued.length + 1;
  const { rows } = await sql<{ last_seq: number }>`
    with s as (
      update sessions set last_seq = last_seq + ${appended}::int, queued_runs = queued_runs - ${what.queued.length}::int
      where org_id = ${actor.orgId} and id = ${what.sessionId} returning last_seq),
    m as (
      update messages set content = '', parts = null, attachments = null, metadata = '{}', status = 'deleted'
      where org_id = ${actor.orgId} and id = ${what.messageId}),
    f as (update feedback set comment = null where org_id = ${actor.orgId} and message_id = ${what.messageId}),
    r as (
      update runs set status = 'cancelled', finished_at = ${what.at}, last_seq = s.last_seq from s
      where runs.org_id = ${actor.orgId} and runs.id = any(${[...what.queued]}::text[]))
    insert into session_events (org_id, session_id, seq, type, run_id, message_id, at)
    select ${actor.orgId}, ${what.sessionId}, s.last_seq - ${appended}::int + x.n, x.type, x.run_id, x.message_id, ${what.at}
    from s cross join lateral (
      select 1::bigint as n, 'message.updated' as type, null as run_id, ${what.messageId} as message_id
      union all
      select q.n + 1, 'run.cancelled', q.id, null from unnest(${[...what.queued]}::text[]) with ordinality as q (id, n)) as x
    returning (select last_seq from s) as last_seq`.execute(db);
  const row = rows[0];
  if (row === undefined) throw new Error('the session vanished under its lock');
  return row.last_seq;
}
