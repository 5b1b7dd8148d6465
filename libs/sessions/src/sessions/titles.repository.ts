import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import { bookCall } from '../turns/ledger.repository.js';
import type { LedgerEntry } from '../turns/turns.types.js';
import type { TitleSource } from './sessions.repository.js';

export interface FirstExchange {
  readonly titleSource: TitleSource;
  readonly questionId: string;
  readonly question: string;
  readonly answerId: string | null;
  readonly answer: string;
}

export interface NewTitle {
  readonly title: string;
  readonly source: Extract<TitleSource, 'excerpt' | 'model'>;
  /** What it was written from: erased meanwhile, it is not set. */
  readonly from: Pick<FirstExchange, 'questionId' | 'answerId'>;
  /** The model call that it cost, for the ledger. */
  readonly call: LedgerEntry | null;
  readonly at: Date;
}

/** Titles that the program writes. One that a person gave is never touched. */
@Injectable()
export class TitlesRepository {
  constructor(private readonly database: Database) {}

  /** The oldest user message that is left, and its answer; undefined when there is none. */
  firstExchange(actor: Actor, sessionId: string): Promise<FirstExchange | undefined> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<FirstExchange>`
        select s.title_source as "titleSource", q.id as "questionId",
          q.content as question, a.id as "answerId", coalesce(a.content, '') as answer
        from sessions s cross join lateral (
          select id, content, turn_seq from messages m
          where m.session_id = s.id and m.role = 'user' and m.status = 'complete' and not m.hidden
          order by m.seq limit 1) as q
        left join lateral (
          select id, content from messages m
          where m.session_id = s.id and m.turn_seq = q.turn_seq and m.role = 'assistant' and not m.superseded
            and m.status <> 'deleted' and not m.hidden
          order by m.seq desc limit 1) as a on true
        where s.org_id = ${actor.orgId} and s.id = ${sessionId} and s.deleted_at is null`.execute(db);
      return rows[0];
    });
  }

  /**
   * Undefined when the session has got a better title meanwhile, or is gone, or what the title was written
   * from was erased; else the `seq` of the event, which names the message that the title rests on.
   */
  set(actor: Actor, sessionId: string, title: NewTitle): Promise<number | undefined> {
    return this.database.as(actor, async (db) => {
      if (title.call !== null) await bookCall(db, actor, sessionId, title.call, title.at);
      return (await stands(db, actor, sessionId, title.from)) ? change(db, actor, sessionId, title) : undefined;
    });
  }
}

/** The lock first: an erasure that came before it is then seen, and a later one finds the title. */
async function stands(db: Executor, actor: Actor, sessionId: string, from: NewTitle['from']): Promise<boolean> {
  const session = await db
    .selectFrom('sessions')
    .select('id')
    .where('org_id', '=', actor.orgId)
    .where('id', '=', sessionId)
    .forUpdate()
    .executeTakeFirst();
  if (session === undefined) return false;
  const ids = [from.questionId, ...(from.answerId === null ? [] : [from.answerId])];
  const erased = await db
    .selectFrom('messages')
    .select('id')
    .where('org_id', '=', actor.orgId)
    .where('id', 'in', ids)
    .where('status', '=', 'deleted')
    .executeTakeFirst();
  return erased === undefined;
}

async function change(
  db: Executor,
  actor: Actor,
  sessionId: string,
  { title, source, from, at }: NewTitle,
): Promise<number | undefined> {
  const { rows } = await sql<{ last_seq: number }>`
    with s as (
      update sessions set title = ${title}, title_source = ${source}, version = version + 1, last_seq = last_seq + 1,
        updated_at = ${at}
      where org_id = ${actor.orgId} and id = ${sessionId} and deleted_at is null
        and title_source <> 'user' and (${source} <> 'excerpt' or title_source = 'none')
      returning last_seq),
    e as (
      insert into session_events (org_id, session_id, seq, type, message_id, at, data)
      select ${actor.orgId}, ${sessionId}, s.last_seq, 'session.updated', ${from.questionId}, ${at},
        jsonb_build_object('title', ${title}::text) from s)
    select last_seq from s`.execute(db);
  return rows[0]?.last_seq;
}
