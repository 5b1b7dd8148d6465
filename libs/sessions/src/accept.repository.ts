import { Injectable } from '@nestjs/common';
import type { Actor, StoredActor } from '@parley/auth';
import { Database, type Executor } from '@parley/platform/database';
import { type RawBuilder, sql } from 'kysely';
import type { Accepted, Admission, FrozenPlan, IdempotentCall, NewRegeneration, NewTurn } from './turns.types.js';

interface AcceptedRow {
  readonly begun: boolean;
  readonly last_seq: number;
  readonly parent_id: string | null;
}

/**
 * The first transaction of a turn: one statement that locks the session by advancing `last_seq`
 * and stores message, run and events. From its commit on nothing may be lost.
 */
@Injectable()
export class AcceptRepository {
  constructor(private readonly database: Database) {}

  /** Null when the session is not the actor's, is busy and rejects, or a bound is reached: ask `whyRefused`. */
  send(actor: Actor, turn: NewTurn, admission: Admission): Promise<Accepted | null> {
    return this.database.as(
      actor,
      async (db) => {
        const { rows } = await sql<AcceptedRow>`
        with s as (${lockSession(actor, turn, admission, { message: turn.messageId, at: turn.at })}),
        m as (
          insert into messages (org_id, session_id, seq, id, owner_id, run_id, parent_id, turn_seq, role, author_type,
            author_id, author_name, content, parts, attachments, status, metadata, client_message_id, created_at)
          select ${actor.orgId}, ${turn.sessionId}, s.last_seq - s.events + 1, ${turn.messageId}, ${actor.principalId},
            ${turn.runId}, s.previous_head_id, s.last_seq - s.events + 1, 'user', 'user', ${actor.principalId},
            ${turn.authorName}, ${turn.content}, ${json(turn.parts)}::jsonb, ${json(turn.attachments)}::jsonb, 'complete',
            ${json(turn.metadata)}::jsonb, ${turn.clientMessageId}, ${turn.at}
          from s
        ),
        r as (${insertRun(actor, turn, admission, sql`s.last_seq - s.events + 1`)}),
        e as (
          insert into session_events (org_id, session_id, seq, type, run_id, message_id, at, data)
          select ${actor.orgId}, ${turn.sessionId}, s.last_seq - s.events + x.i, x.type, ${turn.runId}, x.message_id, ${turn.at}, x.data
          from s cross join lateral (values
            (1, 'message.created', ${turn.messageId}, null::jsonb),
            ${beginningEvents(turn, 2)}
          ) as x (i, type, message_id, data)
          where x.i <= s.events
        )
        ${idempotency(actor, turn.idempotency, turn.runId, turn.at)}
        select s.begun, s.last_seq, s.previous_head_id as parent_id from s`.execute(db);
        return toAccepted(rows);
      },
      { single: true },
    );
  }

  /** As `send`, for a new answer to a message that is already there. */
  regenerate(actor: Actor, turn: NewRegeneration, admission: Admission): Promise<Accepted | null> {
    return this.database.as(
      actor,
      async (db) => {
        const { rows } = await sql<AcceptedRow>`
        with s as (${lockSession(actor, turn, admission, { message: null, at: turn.at })}),
        r as (${insertRun(actor, turn, admission, sql`${turn.messageSeq}::bigint`)}),
        e as (
          insert into session_events (org_id, session_id, seq, type, run_id, at, data)
          select ${actor.orgId}, ${turn.sessionId}, s.last_seq - s.events + x.i, x.type, ${turn.runId}, ${turn.at}, x.data
          from s cross join lateral (values ${beginningEvents(turn, 1)}) as x (i, type, message_id, data)
          where x.i <= s.events
        )
        ${idempotency(actor, turn.idempotency, turn.runId, turn.at)}
        select s.begun, s.last_seq, null as parent_id from s`.execute(db);
        return toAccepted(rows);
      },
      { single: true },
    );
  }

  /** What `send` found in its way, read afterwards for the answer to the caller. */
  whyRefused(actor: Actor, sessionId: string): Promise<{ active: boolean; queued: number; running: number } | null> {
    return this.database.as(actor, (db) => refusalFacts(db, actor, sessionId));
  }

  /** The run that a message with this client id, or a call with this key, has begun before. */
  findByClientId(
    actor: Actor,
    sessionId: string,
    clientMessageId: string,
  ): Promise<{ messageId: string; runId: string | null } | undefined> {
    return this.database.as(actor, async (db) => {
      const row = await db
        .selectFrom('messages')
        .select(['id', 'run_id'])
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId)
        .where('client_message_id', '=', clientMessageId)
        .executeTakeFirst();
      return row === undefined ? undefined : { messageId: row.id, runId: row.run_id };
    });
  }

  findByKey(
    actor: Actor,
    key: string,
  ): Promise<{ fingerprint: Buffer; runId: string | null; expiresAt: Date } | undefined> {
    return this.database.as(actor, async (db) => {
      const row = await db
        .selectFrom('idempotency_keys')
        .select(['fingerprint', 'run_id', 'expires_at'])
        .where('principal_id', '=', actor.principalId)
        .where('key', '=', key)
        .executeTakeFirst();
      return row === undefined
        ? undefined
        : { fingerprint: row.fingerprint, runId: row.run_id, expiresAt: row.expires_at };
    });
  }

  async forgetKey(actor: Actor, key: string, expiredAt: Date): Promise<void> {
    await this.database.as(actor, (db) =>
      db
        .deleteFrom('idempotency_keys')
        .where('principal_id', '=', actor.principalId)
        .where('key', '=', key)
        .where('expires_at', '<=', expiredAt)
        .execute(),
    );
  }
}

/**
 * Whoever updates the session row first decides: the expressions see the row as it is under the lock.
 * `events` is the number of events that this call appends: one more than the message alone when the
 * run is queued, two more when it begins.
 */
function lockSession(
  actor: Actor,
  turn: { readonly sessionId: string; readonly runId: string },
  admission: Admission,
  put: { readonly message: string | null; readonly at: Date },
): RawBuilder<unknown> {
  const base = put.message === null ? 0 : 1;
  const begins = sql`(active_run_id is null and queued_runs = 0 and ${admission.nodeHasRoom}::boolean)`;
  const events = (active: RawBuilder<unknown>) => sql`(${base}::int + case when ${active} then 2 else 1 end)`;
  const isActive = sql`coalesce(active_run_id = ${turn.runId}, false)`;
  return sql`
    update sessions set
      last_seq = last_seq + ${events(begins)},
      queued_runs = queued_runs + case when ${begins} then 0 else 1 end,
      active_run_id = case when ${begins} then ${turn.runId} else active_run_id end,
      message_count = message_count + ${base}::int,
      previous_head_id = head_message_id,
      head_message_id = coalesce(${put.message}, head_message_id),
      last_message_at = case when ${base}::int = 1 then ${put.at} else last_message_at end,
      last_activity_at = ${put.at}
    where org_id = ${actor.orgId} and id = ${turn.sessionId} and owner_id = ${actor.principalId} and deleted_at is null
      and (active_run_id is null or ${admission.onBusy} = 'queue')
      and queued_runs < ${admission.maxQueued}::int
      and (active_run_id is not null or ${admission.maxRunning}::int is null or ${runningOf(actor)} < ${admission.maxRunning}::int)
    returning last_seq, previous_head_id, ${isActive} as begun, ${events(isActive)} as events`;
}

function runningOf(actor: Actor): RawBuilder<unknown> {
  return sql`(select count(*) from runs where org_id = ${actor.orgId} and owner_id = ${actor.principalId} and status = 'running')`;
}

function insertRun(
  actor: Actor,
  turn: NewTurn | NewRegeneration,
  admission: Admission,
  messageSeq: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    insert into runs (org_id, id, session_id, owner_id, message_id, message_seq, queue_seq, regenerates, status, attempt, lease_owner,
      lease_until, actor, use_case, use_case_version, context, settings, settings_adjusted, correlation_id, last_seq,
      created_at, started_at)
    select ${actor.orgId}, ${turn.runId}, ${turn.sessionId}, ${actor.principalId}, ${turn.messageId}, ${messageSeq}, s.last_seq, ${'messageSeq' in turn}::boolean,
      case when s.begun then 'running' else 'queued' end, s.begun::int,
      case when s.begun then ${admission.nodeId} end,
      case when s.begun then clock_timestamp() + make_interval(secs => ${admission.leaseSeconds}::double precision) end,
      ${json(storedActor(actor))}::jsonb, ${turn.useCase}, ${turn.plan.version}::int, ${json(turn.context)}::jsonb,
      case when s.begun then ${json(turn.plan.settings)}::jsonb end,
      case when s.begun then ${json(turn.plan.adjusted)}::jsonb end,
      ${turn.correlationId}, s.last_seq, ${turn.at}, case when s.begun then ${turn.at}::timestamptz end
    from s`;
}

/** `run.started` and the answering component's `component.started`, or `run.queued`. */
export function beginningEvents(
  turn: { readonly plan: FrozenPlan; readonly at: Date },
  first: number,
): RawBuilder<unknown> {
  return sql`
    (${first}::int, case when s.begun then 'run.started' else 'run.queued' end, null::text,
      case when s.begun then ${json(startedFacts(turn.plan, 1, turn.at))}::jsonb else '{"status":"queued","attempt":0,"started_at":null}'::jsonb end),
    (${first + 1}::int, 'component.started', null::text, ${json({ component: turn.plan.answers })}::jsonb)`;
}

export function startedFacts(plan: FrozenPlan, attempt: number, at: Date): Record<string, unknown> {
  return { status: 'running', attempt, started_at: at.toISOString(), settings_adjusted: plan.adjusted };
}

function idempotency(actor: Actor, call: IdempotentCall | null, runId: string, at: Date): RawBuilder<unknown> {
  if (call === null) return sql``;
  return sql`, k as (
    insert into idempotency_keys (org_id, principal_id, key, fingerprint, state, run_id, created_at, expires_at)
    select ${actor.orgId}, ${actor.principalId}, ${call.key}, ${call.fingerprint}, 'done', ${runId}, ${at}, ${call.expiresAt} from s)`;
}

export function storedActor(actor: Actor): StoredActor {
  return { principalId: actor.principalId, orgId: actor.orgId, loginId: actor.loginId };
}

export function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

function toAccepted(rows: readonly AcceptedRow[]): Accepted | null {
  const row = rows[0];
  return row === undefined ? null : { begun: row.begun, lastSeq: row.last_seq, parentId: row.parent_id };
}

async function refusalFacts(db: Executor, actor: Actor, sessionId: string) {
  const { rows } = await sql<{ active: boolean; queued: number; running: number }>`
    select active_run_id is not null as active, queued_runs as queued, ${runningOf(actor)} as running
    from sessions
    where org_id = ${actor.orgId} and id = ${sessionId} and owner_id = ${actor.principalId} and deleted_at is null`.execute(
    db,
  );
  return rows[0] ?? null;
}
