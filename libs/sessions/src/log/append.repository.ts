import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database } from '@parley/platform/database';
import { sql } from 'kysely';
import { json } from '../turns/stored-json.js';
import type { NewEvent } from './log-events.js';

/** Events of a run between its first and its last transaction: components that do not answer, tools. */
@Injectable()
export class AppendRepository {
  constructor(private readonly database: Database) {}

  /** Undefined when the run is not the session's active one any more: nothing is appended then. */
  append(
    actor: Actor,
    sessionId: string,
    runId: string,
    events: readonly NewEvent[],
    at: Date,
  ): Promise<number | undefined> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ last_seq: number }>`
        with s as (
          update sessions set last_seq = last_seq + ${events.length}::int
          where org_id = ${actor.orgId} and id = ${sessionId} and active_run_id = ${runId} returning last_seq),
        e as (
          insert into session_events (org_id, session_id, seq, type, run_id, message_id, at, data)
          select ${actor.orgId}, ${sessionId}, s.last_seq - ${events.length}::int + x.n, x.event->>'type', ${runId},
            x.event->>'messageId', ${at}, nullif(x.event->'data', 'null'::jsonb)
          from s, jsonb_array_elements(${json(events)}::jsonb) with ordinality as x (event, n))
        select last_seq from s`.execute(db);
      return rows[0]?.last_seq;
    });
  }
}
