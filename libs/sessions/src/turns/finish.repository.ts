import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor, type Part, part, Statement } from '@parley/platform/database';
import { sql } from 'kysely';
import { json } from './stored-json.js';
import type { Ended, Fence, RunEnd } from './turns.types.js';

/** Somebody who lost the database may hold a session for seconds: other lapsed runs are not to wait for that. */
const LOCK_WAIT = '1s';

/** Thrown inside the last transaction when somebody else has ended the run: rolls it back. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** The last transaction of a run: answers, events and the end of the lease, or nothing of it. */
@Injectable()
export class FinishRepository {
  constructor(private readonly database: Database) {}

  /**
   * Whoever ends a lapsed run waits a second for its session at most.
   * @throws LeaseLost when the run is no longer this holder's to end.
   */
  async end(actor: Actor, run: RunEnd, fence: Fence): Promise<Ended> {
    const alone = !run.supersedes && run.writes.length === 0 && !fence.lapsed;
    const call = { actor, run, fence, superseded: [] };
    try {
      return await (alone ? this.endAlone(call) : this.database.as(actor, (db) => this.endIn(db, actor, run, fence)));
    } catch (error) {
      const ended = error instanceof LeaseLost ? await this.endedBefore(call) : undefined;
      if (ended === undefined) throw error;
      return ended;
    }
  }

  /** An earlier try of this very end may have been stored, and its answer lost with the connection. */
  private async endedBefore(call: Call): Promise<Ended | undefined> {
    const found = ENDED_BEFORE.of(call);
    await this.database.flight(call.actor, found);
    const row = found.rows[0];
    return row === undefined ? undefined : { lastSeq: row.last_seq, queued: row.queued_runs };
  }

  private async endAlone(call: Call): Promise<Ended> {
    const end = statementOf(call).of(call);
    await this.database.flight(call.actor, end);
    return endedBy(call, end.rows);
  }

  private async endIn(db: Executor, actor: Actor, run: RunEnd, fence: Fence): Promise<Ended> {
    if (fence.lapsed) await sql`set local lock_timeout = ${sql.lit(LOCK_WAIT)}`.execute(db);
    const superseded = run.supersedes ? await supersede(db, actor, run) : [];
    const call = { actor, run, fence, superseded };
    const ended = endedBy(call, await statementOf(call).of(call).in(db));
    for (const write of run.writes) await write(db);
    return ended;
  }
}

interface EndedRow {
  readonly last_seq: number;
  readonly queued_runs: number;
  readonly ended: number;
}

/** @throws LeaseLost */
function endedBy({ run }: Call, rows: readonly EndedRow[]): Ended {
  const row = rows[0];
  if (row === undefined || row.ended === 0) throw new LeaseLost(run.runId);
  return { lastSeq: row.last_seq, queued: row.queued_runs };
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

interface Call {
  readonly actor: Actor;
  readonly run: RunEnd;
  readonly fence: Fence;
  /** Older answers that give way: each is told with an event of its own, before the run's. */
  readonly superseded: readonly string[];
}

const org = ({ actor }: Call): string => actor.orgId;
const session = ({ run }: Call): string => run.sessionId;
const runId = ({ run }: Call): string => run.runId;
const at = ({ run }: Call): Date => run.at;
const answered = ({ run }: Call): number => run.answers.length;
const appended = ({ run, superseded }: Call): number => superseded.length + run.events.length;

/** What the next message follows: the question while it has no answer, else the answer that stands. */
const head = ({ run }: Call): string | null => run.answers.findLast((answer) => !answer.superseded)?.id ?? null;
const replaced = ({ run, superseded }: Call): string[] => [run.messageId, ...superseded];

function answersOf({ run, superseded }: Call): string | null {
  const place = (id: string) =>
    run.events.findIndex(({ type, messageId }) => type === 'message.created' && messageId === id);
  return json(run.answers.map((answer) => ({ ...answer, n: superseded.length + place(answer.id) + 1 })));
}

function eventsOf({ run, superseded }: Call): string | null {
  return json([
    ...superseded.map((messageId) => ({ type: 'message.updated', messageId, data: null })),
    ...run.events.map(({ type, messageId, data }) => ({ type, messageId, data })),
  ]);
}

/**
 * The run is still this holder's. The session's row is changed only where this holds, so that nothing is to be
 * rolled back: whoever else ends or begins this run locks that row first, and only a lapsed lease can be renewed
 * meanwhile (`end` keeps that one in a transaction that can roll back).
 */
const FENCED = part<Call>`
  runs.org_id = ${org} and runs.id = ${runId} and runs.status = 'running'
    and runs.lease_owner = ${({ fence }) => fence.nodeId} and runs.attempt = ${({ fence }) => fence.attempt}::int
    and (not ${({ fence }) => fence.lapsed}::boolean or runs.lease_until < clock_timestamp())`;

const LEDGER = part<Call>`, u as (
  insert into usage (org_id, principal_id, session_id, run_id, purpose, provider, model, input_tokens, output_tokens,
    cost_usd, estimated, at)
  select ${org}, r.owner_id, ${session}, ${runId}, c.purpose, c.provider, c.model, c."inputTokens", c."outputTokens",
    c."costUsd", c.estimated, ${at}
  from r, jsonb_to_recordset(${({ run }) => json(run.calls)}::jsonb) as c (purpose text, provider text, model text,
    "inputTokens" int, "outputTokens" int, "costUsd" numeric, estimated boolean))`;

const DRAFTS = part<Call>`, d as (delete from message_drafts where run_id = ${runId} and exists (select from r))`;
const NOTHING = part<Call>``;

/**
 * One statement: the session row is locked first (as everywhere), then the run, fenced by its lease.
 * Answers and events travel as JSON so that a debate of ten speeches has the same text as one voice.
 */
const ending = (ledger: Part<Call>, drafts: Part<Call>): Statement<Call, EndedRow> =>
  new Statement(part<Call>`
    with s as (
      update sessions set
        last_seq = last_seq + ${appended}::int,
        message_count = message_count + ${answered}::int,
        active_run_id = null,
        head_message_id =
          case when head_message_id = any(${replaced}::text[]) then coalesce(${head}, head_message_id) else head_message_id end,
        last_message_at = case when ${answered}::int > 0 then ${at} else last_message_at end
      where org_id = ${org} and id = ${session} and active_run_id = ${runId}
        and exists (select from runs where ${FENCED})
      returning last_seq, last_seq - ${appended}::int as before, queued_runs
    ),
    r as (
      update runs set
        status = ${({ run }) => run.status}, finished_at = ${at}, error = ${({ run }) => json(run.error)}::jsonb,
        usage = ${({ run }) => json(run.usage)}::jsonb,
        component_results = ${({ run }) => json(run.componentResults)}::jsonb,
        lease_owner = null, lease_until = null, last_seq = s.last_seq
      from s
      where ${FENCED}
      returning runs.owner_id
    ),
    m as (
      insert into messages (org_id, session_id, seq, id, owner_id, run_id, parent_id, turn_seq, role, author_type,
        author_id, author_name, content, status, superseded, finish_reason, metadata, created_at)
      select ${org}, ${session}, s.before + a.n, a.id, r.owner_id, ${runId}, ${({ run }) => run.messageId},
        ${({ run }) => run.messageSeq}::bigint, 'assistant', 'agent', a."authorId", a."authorName", a.content,
        a.status, a.superseded, a."finishReason", a.metadata, ${at}
      from s, r, jsonb_to_recordset(${answersOf}::jsonb) as a (n int, id text, "authorId" text, "authorName" text,
        content text, status text, superseded boolean, "finishReason" text, metadata jsonb)
    ),
    e as (
      insert into session_events (org_id, session_id, seq, type, run_id, message_id, at, data)
      select ${org}, ${session}, s.before + x.n, x.event->>'type', ${runId}, x.event->>'messageId', ${at},
        nullif(x.event->'data', 'null'::jsonb)
      from s, r, jsonb_array_elements(${eventsOf}::jsonb) with ordinality as x (event, n)
    )
    ${ledger}
    ${drafts}
    select s.last_seq, s.queued_runs, (select count(*)::int from r) as ended from s`);

const END = ending(NOTHING, NOTHING);
const END_WITH_CALLS = ending(LEDGER, NOTHING);
const END_WITH_DRAFTS = ending(NOTHING, DRAFTS);
const END_WITH_BOTH = ending(LEDGER, DRAFTS);

/** Told from anybody else's end by its moment and by its answers. */
const ENDED_BEFORE = new Statement<Call, Pick<EndedRow, 'last_seq' | 'queued_runs'>>(part<Call>`
  select r.last_seq, s.queued_runs from runs r join sessions s on s.org_id = r.org_id and s.id = r.session_id
  where r.org_id = ${org} and r.id = ${runId} and r.attempt = ${({ fence }) => fence.attempt}::int
    and r.status = ${({ run }) => run.status} and r.finished_at = ${at}
    and (select count(*) from messages m where m.org_id = r.org_id and m.run_id = r.id
      and m.id = any(${({ run }) => run.answers.map(({ id }) => id)}::text[])) = ${answered}::int`);

function statementOf({ run }: Call): Statement<Call, EndedRow> {
  if (run.calls.length === 0) return run.hasDrafts ? END_WITH_DRAFTS : END;
  return run.hasDrafts ? END_WITH_BOTH : END_WITH_CALLS;
}
