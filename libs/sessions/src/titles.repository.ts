import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import type { LedgerEntry } from './turns.types.js';

export interface FirstExchange {
  readonly ownerId: string;
  readonly titleSource: 'none' | 'excerpt' | 'model' | 'user';
  readonly useCase: string;
  readonly question: string;
  readonly answer: string;
}

export interface NewTitle {
  readonly title: string;
  readonly source: 'excerpt' | 'model';
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
        select s.owner_id as "ownerId", s.title_source as "titleSource", s.use_case as "useCase", q.content as question,
          coalesce((
            select a.content from messages a
            where a.session_id = s.id and a.turn_seq = q.turn_seq and a.role = 'assistant' and not a.superseded
              and a.status <> 'deleted' and not a.hidden
            order by a.seq desc limit 1), '') as answer
        from sessions s cross join lateral (
          select content, turn_seq from messages m
          where m.session_id = s.id and m.role = 'user' and m.status = 'complete' and not m.hidden
          order by m.seq limit 1) as q
        where s.org_id = ${actor.orgId} and s.id = ${sessionId} and s.deleted_at is null`.execute(db);
      return rows[0];
    });
  }

  /** Undefined when the session has got a better title meanwhile, or is gone; else the `seq` of the event. */
  set(actor: Actor, sessionId: string, title: NewTitle): Promise<number | undefined> {
    return this.database.as(actor, async (db) => {
      const seq = await change(db, actor, sessionId, title.title, title.source, title.at);
      if (title.call !== null) await book(db, actor, sessionId, title.call, title.at);
      return seq;
    });
  }

  /** Takes a title away that was written from a message which is erased now. */
  clear(actor: Actor, sessionId: string, at: Date): Promise<number | undefined> {
    return this.database.as(actor, (db) => change(db, actor, sessionId, null, 'none', at));
  }
}

async function change(
  db: Executor,
  actor: Actor,
  sessionId: string,
  title: string | null,
  source: 'none' | 'excerpt' | 'model',
  at: Date,
): Promise<number | undefined> {
  const { rows } = await sql<{ last_seq: number }>`
    with s as (
      update sessions set title = ${title}, title_source = ${source}, version = version + 1, last_seq = last_seq + 1,
        updated_at = ${at}
      where org_id = ${actor.orgId} and id = ${sessionId} and deleted_at is null
        and title_source <> 'user' and (${source} <> 'excerpt' or title_source = 'none')
      returning last_seq),
    e as (
      insert into session_events (org_id, session_id, seq, type, at, data)
      select ${actor.orgId}, ${sessionId}, s.last_seq, 'session.updated', ${at}, jsonb_build_object('title', ${title}::text) from s)
    select last_seq from s`.execute(db);
  return rows[0]?.last_seq;
}

async function book(db: Executor, actor: Actor, sessionId: string, call: LedgerEntry, at: Date): Promise<void> {
  await sql`
    insert into usage (org_id, principal_id, session_id, purpose, provider, model, input_tokens, output_tokens, cost_usd,
      estimated, at)
    select ${actor.orgId}, s.owner_id, s.id, ${call.purpose}, ${call.provider}, ${call.model}, ${call.inputTokens}::int,
      ${call.outputTokens}::int, ${call.costUsd}::numeric, ${call.estimated}::boolean, ${at}
    from sessions s where s.org_id = ${actor.orgId} and s.id = ${sessionId}`.execute(db);
}
