import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import { json } from './accept.repository.js';
import type { Ended, Fence, RunEnd } from './turns.types.js';

/** Thrown inside the last transaction when somebody else has ended the run: rolls it back. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** The last transaction of a run: answers, events and the end of the lease, or nothing of it. */
@Injectable()
export class FinishRepository {
  constructor(private readonly database: Database) {}

  /** @throws LeaseLost when the run is no longer this holder's to end. */
  end(actor: Actor, run: RunEnd, fence: Fence): Promise<Ended> {
    const single = !run.supersedes && run.writes.length === 0 && !fence.lapsed;
    return this.database.as(actor, (db) => this.endIn(db, actor, run, fence), { single });
  }

  private async endIn(db: Executor, actor: Actor, run: RunEnd, fence: Fence): Promise<Ended> {
    const superseded = run.supersedes ? await supersede(db, actor, run) : [];
    const events = [
      ...superseded.map((messageId) => ({ type: 'message.updated', messageId, data: null })),
      ...run.events.map(({ type, messageId, data }) => ({ type, messageId, data })),
    ];
    const { rows } = await endStatement(actor, run, fence, { events, superseded }).execute(db);
    const row = rows[0];
    if (row === undefined || row.ended === 0) throw new LeaseLost(run.runId);
    for (const write of run.writes) await write(db);
    return { lastSeq: row.last_seq, queued: row.queued_runs, superseded };
  }
}

async function supersede(db: Executor, actor: Actor, run: RunEnd): Promise<string[]> {
  // The lock first: siblings that another transaction is about to change are then seen as they are.
  await db
    .selectFrom('sessions')
    .select('id')
    .where('org_id', '=', actor.orgId)
    .where('id', '=', run.sessionId)
    .forUpdate()
    .execute();
  const rows = await db
    .updateTable('messages')
    .set({ superseded: true })
    .where('org_id', '=', actor.orgId)
    .where('session_id', '=', run.sessionId)
    .where('turn_seq', '=', run.messageSeq)
    .where('parent_id', '=', run.messageId)
    .where('role', '=', 'assistant')
    .where('superseded', '=', false)
    .where((eb) => eb.or([eb('run_id', 'is', null), eb('run_id', '!=', run.runId)]))
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}

interface StoredEvent {
  readonly type: string;
  readonly messageId: string | null;
  readonly data: unknown;
}

/**
 * One statement: the session row is locked first (as everywhere), then the run, fenced by its lease.
 * Answers and events travel as JSON so that a debate of ten speeches has the same text as one voice.
 */
function endStatement(
  actor: Actor,
  run: RunEnd,
  fence: Fence,
  { events, superseded }: { events: readonly StoredEvent[]; superseded: readonly string[] },
) {
  // What the next message follows: the question while it has no answer, else the answer that stands.
  const replaced = [run.messageId, ...superseded];
  const answers = run.answers.map((answer) => ({
    ...answer,
    n: events.findIndex((event) => event.type === 'message.created' && event.messageId === answer.id) + 1,
  }));
  const head = run.answers.findLast((answer) => !answer.superseded)?.id ?? null;
  return sql<{ last_seq: number; queued_runs: number; ended: number }>`
    with s as (
      update sessions set
        last_seq = last_seq + ${events.length}::int,
        message_count = message_count + ${answers.length}::int,
        active_run_id = null,
        head_message_id = case when head_message_id = any(${replaced}::text[]) then coalesce(${head}, head_message_id) else head_message_id end,
        last_message_at = case when ${answers.length}::int > 0 then ${run.at} else last_message_at end
      where org_id = ${actor.orgId} and id = ${run.sessionId} and active_run_id = ${run.runId}
        and exists (select from runs where ${fenced(actor, run, fence)})
      returning last_seq, queued_runs
    ),
    r as (
      update runs set
        status = ${run.status}, finished_at = ${run.at}, error = ${json(run.error)}::jsonb, usage = ${json(run.usage)}::jsonb,
        component_results = ${json(run.componentResults)}::jsonb, lease_owner = null, lease_until = null, last_seq = s.last_seq
      from s
      where ${fenced(actor, run, fence)}
      returning runs.owner_id
    ),
    m as (
      insert into messages (org_id, session_id, seq, id, owner_id, run_id, parent_id, turn_seq, role, author_type,
        author_id, author_name, content, status, superseded, finish_reason, metadata, created_at)
      select ${actor.orgId}, ${run.sessionId}, s.last_seq - ${events.length}::int + a.n, a.id, r.owner_id, ${run.runId},
        ${run.messageId}, ${run.messageSeq}::bigint, 'assistant', 'agent', a."authorId", a."authorName", a.content,
        a.status, a.superseded, a."finishReason", a.metadata, ${run.at}
      from s, r, jsonb_to_recordset(${json(answers)}::jsonb) as a (n int, id text, "authorId" text, "authorName" text,
        content text, status text, superseded boolean, "finishReason" text, metadata jsonb)
    ),
    e as (
      insert into session_events (org_id, session_id, seq, type, run_id, message_id, at, data)
      select ${actor.orgId}, ${run.sessionId}, s.last_seq - ${events.length}::int + x.n, x.event->>'type', ${run.runId},
        x.event->>'messageId', ${run.at}, nullif(x.event->'data', 'null'::jsonb)
      from s, r, jsonb_array_elements(${json(events)}::jsonb) with ordinality as x (event, n)
    )
    ${ledger(actor, run)}
    ${drafts(run)}
    select s.last_seq, s.queued_runs, (select count(*)::int from r) as ended from s`;
}

/**
 * The run is still this holder's. The session's row is changed only where this holds, so that nothing is to be
 * rolled back: whoever else ends or begins this run locks that row first, and only a lapsed lease can be renewed
 * meanwhile (`end` keeps that one in a transaction that can roll back).
 */
function fenced(actor: Actor, run: RunEnd, fence: Fence) {
  return sql`runs.org_id = ${actor.orgId} and runs.id = ${run.runId} and runs.status = 'running'
    and runs.lease_owner = ${fence.nodeId} and runs.attempt = ${fence.attempt}::int
    and (not ${fence.lapsed}::boolean or runs.lease_until < clock_timestamp())`;
}

function ledger(actor: Actor, run: RunEnd) {
  if (run.calls.length === 0) return sql``;
  return sql`, u as (
    insert into usage (org_id, principal_id, session_id, run_id, purpose, provider, model, input_tokens, output_tokens,
      cost_usd, estimated, at)
    select ${actor.orgId}, r.owner_id, ${run.sessionId}, ${run.runId}, c.purpose, c.provider, c.model, c."inputTokens",
      c."outputTokens", c."costUsd", c.estimated, ${run.at}
    from r, jsonb_to_recordset(${json(run.calls)}::jsonb) as c (purpose text, provider text, model text,
      "inputTokens" int, "outputTokens" int, "costUsd" numeric, estimated boolean))`;
}

function drafts(run: RunEnd) {
  return run.hasDrafts
    ? sql`, d as (delete from message_drafts where run_id = ${run.runId} and exists (select from r))`
    : sql``;
}
