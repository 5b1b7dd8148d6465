import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database } from '@parley/platform/database';
import { type RawBuilder, sql } from 'kysely';
import { json } from '../turns/stored-json.js';

export interface DraftPiece {
  readonly orgId: string;
  readonly sessionId: string;
  readonly runId: string;
  readonly messageId: string;
  readonly authorId: string;
  readonly authorName: string;
  readonly offset: number;
  readonly text: string;
}

/** What of a message is written down so far. */
export interface Draft {
  readonly sessionId: string;
  readonly runId: string;
  readonly messageId: string;
  readonly authorId: string;
  readonly authorName: string | null;
  readonly text: string;
}

/** Text on its way, written down often enough to survive its node. */
@Injectable()
export class DraftsRepository {
  constructor(private readonly database: Database) {}

  /** Appends streamed text. Not synced: a lost tail is at most one checkpoint. */
  async save(actor: Actor, pieces: readonly DraftPiece[]): Promise<void> {
    await this.database.as(
      actor,
      (db) =>
        sql`
        insert into message_drafts (org_id, session_id, run_id, message_id, author_id, author_name, "offset", text)
        select d."orgId", d."sessionId", d."runId", d."messageId", d."authorId", d."authorName", d."offset", d.text
        from jsonb_to_recordset(${json(pieces)}::jsonb) as d ("orgId" text, "sessionId" text, "runId" text,
          "messageId" text, "authorId" text, "authorName" text, "offset" int, text text)
        join runs on runs.org_id = d."orgId" and runs.id = d."runId" and runs.status = 'running'
        on conflict (run_id, message_id, "offset") do update set text = excluded.text`.execute(db),
      { unsynced: true },
    );
  }

  /** The text so far of the answers that are being written in a session. */
  of(actor: Actor, sessionId: string): Promise<Draft[]> {
    return this.read(actor, sql`r.org_id = ${actor.orgId} and r.session_id = ${sessionId}`);
  }

  /** As `of`, for many sessions at once: for readers on nodes that deltas do not reach. */
  inSessions(actor: Actor, sessionIds: readonly string[]): Promise<Draft[]> {
    return this.read(actor, sql`r.session_id = any(${[...sessionIds]}::text[])`);
  }

  private read(actor: Actor, which: RawBuilder<unknown>): Promise<Draft[]> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<Draft>`
        select d.session_id as "sessionId", d.run_id as "runId", d.message_id as "messageId", d.author_id as "authorId",
          d.author_name as "authorName", string_agg(d.text, '' order by d."offset") as text
        from runs r join message_drafts d on d.run_id = r.id
        where ${which} and r.status = 'running'
        group by d.session_id, d.run_id, d.message_id, d.author_id, d.author_name order by d.message_id`.execute(db);
      return rows;
    });
  }

  /** Drafts whose run has ended while they were on their way. Returns how many pieces went. */
  removeStray(actor: Actor): Promise<number> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql`
        delete from message_drafts d where not exists (
          select from runs r where r.org_id = d.org_id and r.id = d.run_id and r.status in ('running', 'waiting'))
        returning 1`.execute(db);
      return rows.length;
    });
  }
}
