import type { Actor } from '@parley/auth';
import type { Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import type { LedgerEntry } from './turns.types.js';

/** A model call of a job, booked to the owner of the session that it served; the session may be gone. */
export async function bookCall(
  db: Executor,
  actor: Actor,
  sessionId: string,
  call: LedgerEntry,
  at: Date,
): Promise<void> {
  await sql`
    insert into usage (org_id, principal_id, session_id, purpose, provider, model, input_tokens, output_tokens, cost_usd,
      estimated, at)
    select ${actor.orgId}, s.owner_id, s.id, ${call.purpose}, ${call.provider}, ${call.model}, ${call.inputTokens}::int,
      ${call.outputTokens}::int, ${call.costUsd}::numeric, ${call.estimated}::boolean, ${at}
    from sessions s where s.org_id = ${actor.orgId} and s.id = ${sessionId}`.execute(db);
}
