import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import {
  type BoundStatement,
  Database,
  type Part,
  part,
  Statement,
  violatedConstraint,
} from '@parley/platform/database';
import { HISTORY_OF_RUN, type HistoryRow } from './history.repository.js';
import { json, startedFacts, storedActor } from './stored-json.js';
import type { Accepted, Admission, NewRegeneration, NewTurn } from './turns.types.js';

/**
 * The first transaction of a turn: one statement that locks the session by advancing `last_seq`
 * and stores message, run and events. From its commit on nothing may be lost. The history that the
 * model is shown is read in the same flight, after it: what the lock waited for is seen.
 */
@Injectable()
export class AcceptRepository {
  constructor(private readonly database: Database) {}

  /** Null when the session is not the actor's, is busy and rejects, or a bound is reached: ask `whyRefused`. */
  send(actor: Actor, turn: NewTurn, admission: Admission): Promise<Accepted | GoneOn | null> {
    return this.take(turn.idempotency === null ? SEND : SEND_ONCE, { actor, turn, admission });
  }

  /** As `send`, for a new answer to a message that is already there. Null also where that has been erased. */
  regenerate(actor: Actor, turn: NewRegeneration, admission: Admission): Promise<Accepted | GoneOn | null> {
    const call = { actor, turn, admission };
    // The lock first, in a statement of its own: what an erasure that held it has done is seen by the next one.
    return this.take(turn.idempotency === null ? REGENERATE : REGENERATE_ONCE, call, LOCK.of(call));
  }

  private async take<T extends NewTurn | NewRegeneration>(
    statement: Statement<Call<T>, AcceptedRow>,
    call: Call<T>,
    ...before: readonly BoundStatement<unknown>[]
  ): Promise<Accepted | GoneOn | null> {
    const { actor, turn } = call;
    const taken = statement.of(call);
    const history = HISTORY_OF_RUN.of({ actor, ...turn, limit: turn.historyLimit });
    try {
      await this.database.flight(actor, ...before, taken, history);
    } catch (error) {
      const known = violatedConstraint(error) === undefined ? null : await this.takenBefore(call);
      if (known === null) throw error;
      return known;
    }
    const row = taken.rows[0];
    return row === undefined ? this.takenBefore(call) : acceptedOf(row, history.rows);
  }

  /**
   * A flight whose answer was lost with its connection is flown once more, and then finds in its way what it has
   * stored itself: that is no refusal, and its run is nobody else's to begin.
   */
  private async takenBefore(call: Call): Promise<Accepted | GoneOn | null> {
    const { actor, turn } = call;
    const taken = TAKEN_BEFORE.of(call);
    const history = HISTORY_OF_RUN.of({ actor, ...turn, limit: turn.historyLimit });
    await this.database.flight(actor, taken, history);
    const row = taken.rows[0];
    if (row === undefined) return null;
    return row.untouched ? acceptedOf(row, history.rows) : 'gone-on';
  }

  /** What `send` found in its way, read afterwards for the answer to the caller. */
  async whyRefused(actor: Actor, sessionId: string, messageId: string): Promise<Obstacles | null> {
    const found = WHY_REFUSED.of({ actor, sessionId, messageId });
    await this.database.flight(actor, found);
    return found.rows[0] ?? null;
  }
}

/** This very turn was stored, and its run was begun or ended by others before we knew. */
export type GoneOn = 'gone-on';

interface AcceptedRow {
  readonly begun: boolean;
  readonly last_seq: number;
  readonly parent_id: string | null;
}

function acceptedOf({ begun, last_seq, parent_id }: AcceptedRow, history: readonly HistoryRow[]): Accepted {
  return { begun, lastSeq: last_seq, parentId: parent_id, history: history.toReversed() };
}

interface Call<T extends NewTurn | NewRegeneration = NewTurn | NewRegeneration> {
  readonly actor: Actor;
  readonly turn: T;
  readonly admission: Admission;
}

const org = ({ actor }: { readonly actor: Actor }): string => actor.orgId;
const owner = ({ actor }: { readonly actor: Actor }): string => actor.principalId;
const session = ({ turn }: Call): string => turn.sessionId;
const run = ({ turn }: Call): string => turn.runId;
const message = ({ turn }: Call): string => turn.messageId;
const at = ({ turn }: Call): Date => turn.at;
const maxRunning = ({ admission }: Call): number | null => admission.maxRunning;

const BEGINS = part<Call>`
  (active_run_id is null and queued_runs = 0 and ${({ admission }) => admission.nodeHasRoom}::boolean)`;
const IS_ACTIVE = part<Call>`coalesce(active_run_id = ${run}, false)`;
const RUNNING_OF_OWNER = part<{ readonly actor: Actor }>`
  (select count(*) from runs where org_id = ${org} and owner_id = ${owner} and status = 'running')`;

/**
 * Whoever updates the session row first decides: the expressions see the row as it is under the lock.
 * `events` is the number of events that this call appends: one more than its messages when the
 * run is queued, two more when it begins.
 */
const lockSession = (messages: Part<Call>, changes: Part<Call>, given: Part<Call>): Part<Call> => part`
  update sessions set
    last_seq = last_seq + ${messages} + case when ${BEGINS} then 2 else 1 end,
    queued_runs = queued_runs + case when ${BEGINS} then 0 else 1 end,
    active_run_id = case when ${BEGINS} then ${run} else active_run_id end,
    message_count = message_count + ${messages},
    previous_head_id = head_message_id,
    ${changes}
    last_activity_at = ${at}
  where org_id = ${org} and id = ${session} and owner_id = ${owner} and deleted_at is null
    and (active_run_id is null or ${({ admission }: Call) => admission.onBusy}::text = 'queue')
    and queued_runs < ${({ admission }: Call) => admission.maxQueued}::int
    and (active_run_id is not null or ${maxRunning}::int is null or ${RUNNING_OF_OWNER} < ${maxRunning}::int)
    ${given}
  returning last_seq, previous_head_id, ${IS_ACTIVE} as begun,
    ${messages} + case when ${IS_ACTIVE} then 2 else 1 end as events`;

const insertRun = <T extends NewTurn | NewRegeneration>(
  messageSeq: Part<Call<T>>,
  regenerates: Part<Call>,
): Part<Call<T>> => part`
  insert into runs (org_id, id, session_id, owner_id, message_id, message_seq, queue_seq, regenerates, status, attempt,
    lease_owner, lease_until, actor, use_case, use_case_version, context, settings, settings_adjusted, correlation_id,
    last_seq, created_at, started_at)
  select ${org}, ${run}, ${session}, ${owner}, ${message}, ${messageSeq}, s.last_seq, ${regenerates},
    case when s.begun then 'running' else 'queued' end, s.begun::int,
    case when s.begun then ${({ admission }) => admission.nodeId} end,
    case when s.begun then clock_timestamp() + make_interval(secs => ${({ admission }) => admission.leaseSeconds}) end,
    ${({ actor }) => json(storedActor(actor))}::jsonb, ${({ turn }) => turn.useCase},
    ${({ turn }) => turn.plan.version}::int, ${({ turn }) => json(turn.context)}::jsonb,
    case when s.begun then ${({ turn }) => json(turn.plan.settings)}::jsonb end,
    case when s.begun then ${({ turn }) => json(turn.plan.adjusted)}::jsonb end,
    ${({ turn }) => turn.correlationId}, s.last_seq, ${at}, case when s.begun then ${at} end
  from s`;

/** `run.started` and the answering component's `component.started`, or `run.queued`. */
const beginning = (first: Part<Call>): Part<Call> => part`
  (${first}, case when s.begun then 'run.started' else 'run.queued' end, null::text,
    case when s.begun then ${({ turn }) => json(startedFacts(turn.plan, 1, turn.at))}::jsonb
      else '{"status":"queued","attempt":0,"started_at":null}'::jsonb end),
  (${first} + 1, 'component.started', null::text, ${({ turn }) => json({ component: turn.plan.answers })}::jsonb)`;

const insertEvents = (events: Part<Call>): Part<Call> => part`
  insert into session_events (org_id, session_id, seq, type, run_id, message_id, at, data)
  select ${org}, ${session}, s.last_seq - s.events + x.i, x.type, ${run}, x.message_id, ${at}, x.data
  from s cross join lateral (values ${events}) as x (i, type, message_id, data)
  where x.i <= s.events`;

const WITHOUT_KEY = part<Call>``;
const WITH_KEY = part<Call>`, k as (
  insert into idempotency_keys (org_id, principal_id, key, fingerprint, state, run_id, created_at, expires_at)
  select ${org}, ${owner}, ${({ turn }) => turn.idempotency?.key}, ${({ turn }) => turn.idempotency?.fingerprint},
    'done', ${run}, ${at}, ${({ turn }) => turn.idempotency?.expiresAt} from s)`;

const FIRST = part<Call>`1`;
const SECOND = part<Call>`2`;

const LOCK = new Statement<Call, { readonly id: string }>(part<Call>`
  select id from sessions where org_id = ${org} and id = ${session} and owner_id = ${owner} for update`);
const IS_THERE = part<Call>`
  and exists (select from messages where org_id = ${org} and id = ${message} and status <> 'deleted')`;

const sending = (key: Part<Call>): Statement<Call<NewTurn>, AcceptedRow> =>
  new Statement(part<Call<NewTurn>>`
    with s as (${lockSession(part`1`, part`head_message_id = ${message}, last_message_at = ${at},`, part``)}),
    m as (
      insert into messages (org_id, session_id, seq, id, owner_id, run_id, parent_id, turn_seq, role, author_type,
        author_id, author_name, content, parts, attachments, status, metadata, client_message_id, created_at)
      select ${org}, ${session}, s.last_seq - s.events + 1, ${message}, ${owner}, ${run}, s.previous_head_id,
        s.last_seq - s.events + 1, 'user', 'user', ${owner}, ${({ turn }) => turn.authorName},
        ${({ turn }) => turn.content}, ${({ turn }) => json(turn.parts)}::jsonb,
        ${({ turn }) => json(turn.attachments)}::jsonb, 'complete', ${({ turn }) => json(turn.metadata)}::jsonb,
        ${({ turn }) => turn.clientMessageId}, ${at}
      from s
    ),
    r as (${insertRun(part`s.last_seq - s.events + 1`, part`false`)}),
    e as (${insertEvents(part`(1, 'message.created', ${message}, null::jsonb), ${beginning(SECOND)}`)})
    ${key}
    select s.begun, s.last_seq, s.previous_head_id as parent_id from s`);

const regenerating = (key: Part<Call>): Statement<Call<NewRegeneration>, AcceptedRow> =>
  new Statement(part<Call<NewRegeneration>>`
    with s as (${lockSession(part`0`, part``, IS_THERE)}),
    r as (${insertRun(part<Call<NewRegeneration>>`${({ turn }) => turn.messageSeq}::bigint`, part`true`)}),
    e as (${insertEvents(beginning(FIRST))})
    ${key}
    select s.begun, s.last_seq, null as parent_id from s`);

const SEND = sending(WITHOUT_KEY);
const SEND_ONCE = sending(WITH_KEY);
const REGENERATE = regenerating(WITHOUT_KEY);
const REGENERATE_ONCE = regenerating(WITH_KEY);

const TAKEN_BEFORE = new Statement<Call, AcceptedRow & { readonly untouched: boolean }>(part<Call>`
  select coalesce(r.started_at = r.created_at, false) as begun, r.queue_seq as last_seq, m.parent_id,
    r.status = 'queued'
      or r.status = 'running' and r.attempt = 1 and r.lease_owner = ${({ admission }) => admission.nodeId} as untouched
  from runs r join messages m on m.org_id = r.org_id and m.id = r.message_id
  where r.org_id = ${org} and r.id = ${run}`);

interface Refused {
  readonly actor: Actor;
  readonly sessionId: string;
  readonly messageId: string;
}

/** What may stand in the way of a turn. */
export interface Obstacles {
  /** A run is under way in the session. */
  readonly active: boolean;
  /** Runs that wait in it. */
  readonly queued: number;
  /** Runs under way of the session's owner. */
  readonly running: number;
  /** The message that was to be answered anew has been erased. */
  readonly erased: boolean;
}

const WHY_REFUSED = new Statement<Refused, Obstacles>(part<Refused>`
  select active_run_id is not null as active, queued_runs as queued, ${RUNNING_OF_OWNER} as running,
    exists (select from messages where org_id = ${org} and id = ${({ messageId }) => messageId} and status = 'deleted')
      as erased
  from sessions where org_id = ${org} and id = ${({ sessionId }) => sessionId} and owner_id = ${owner}
    and deleted_at is null`);
