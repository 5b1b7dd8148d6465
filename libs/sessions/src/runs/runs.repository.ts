import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor, isPassing } from '@parley/platform/database';
import { sql } from 'kysely';
import { RUN_COLUMNS, type RunRow } from '../rows.js';
import { json, startedFacts } from '../turns/stored-json.js';
import type { FrozenPlan } from '../turns/turns.types.js';

/** A queued run under the lock of its session, with all that decides how it is executed. */
export interface QueuedRun {
  readonly runId: string;
  readonly orgId: string;
  readonly sessionId: string;
  readonly actor: unknown;
  readonly useCase: string;
  readonly sessionSettings: Record<string, unknown>;
  readonly context: unknown;
  readonly messageId: string;
  readonly messageSeq: number;
  readonly content: string;
  readonly correlationId: string | null;
  readonly attempt: number;
  readonly regenerates: boolean;
  /** The session has no title yet. */
  readonly untitled: boolean;
}

export interface WaitingBounds {
  /** Sessions at most. */
  readonly limit: number;
  /** Runs of one principal that may be under way at once; null: no bound. */
  readonly perPrincipal: number | null;
  /** Runs of one organisation that may be under way at once; null: no bound. */
  readonly perOrganisation: number | null;
}

/** Who begins a waiting run, and when. */
interface BeginBounds {
  readonly nodeId: string;
  readonly leaseSeconds: number;
  /** Runs of its owner that may be under way at once; null: no bound. */
  readonly maxRunning: number | null;
  readonly at: Date;
}

interface BegunNext {
  readonly run: QueuedRun;
  /** `seq` of the last event that was appended. */
  readonly lastSeq: number;
}

/** Rows of runs: reading and the queue. Begin and end of a turn stand in their own repositories. */
@Injectable()
export class RunsRepository {
  constructor(private readonly database: Database) {}

  /** Undefined when the run is not the actor's, or its session is deleted. */
  find(actor: Actor, sessionId: string, runId: string): Promise<RunRow | undefined> {
    return this.database.as(actor, (db) =>
      db
        .selectFrom('runs')
        .select(RUN_COLUMNS)
        .where('org_id', '=', actor.orgId)
        .where('id', '=', runId)
        .where('session_id', '=', sessionId)
        .where('owner_id', '=', actor.principalId)
        .where(inLivingSession)
        .executeTakeFirst(),
    );
  }

  /** Where a run belongs; undefined when it is not the actor's. */
  sessionOf(actor: Actor, runId: string): Promise<string | undefined> {
    return this.database.as(actor, async (db) => {
      const row = await db
        .selectFrom('runs')
        .select('session_id')
        .where('org_id', '=', actor.orgId)
        .where('id', '=', runId)
        .where('owner_id', '=', actor.principalId)
        .where(inLivingSession)
        .executeTakeFirst();
      return row?.session_id;
    });
  }

  /** `seq` of the first event that a run appended. */
  firstSeq(actor: Actor, sessionId: string, runId: string): Promise<number> {
    return this.database.as(actor, async (db) => {
      // At most three events are appended when a run is stored; `queue_seq` is the last of them.
      const { rows } = await sql<{ seq: number }>`
        select seq from session_events
        where session_id = ${sessionId} and run_id = ${runId} and org_id = ${actor.orgId} and seq > (
          select queue_seq - 3 from runs where org_id = ${actor.orgId} and id = ${runId})
        order by seq limit 1`.execute(db);
      return rows[0]?.seq ?? 1;
    });
  }

  /** The runs of a session that are under way, oldest first. */
  running(actor: Actor, sessionId: string): Promise<RunRow[]> {
    return this.database.as(actor, (db) =>
      db
        .selectFrom('runs')
        .select(RUN_COLUMNS)
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId)
        .where('status', 'in', ['running', 'waiting'])
        .execute(),
    );
  }

  /**
   * Sessions in which work waits and nothing runs, the one that has waited longest first. A principal or
   * organisation has no more of them in the list than it may begin: one at its limit takes no place.
   */
  idleSessionsWithWork(actor: Actor, bounds: WaitingBounds): Promise<{ orgId: string; sessionId: string }[]> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ orgId: string; sessionId: string }>`
        with waiting as (
          select s.org_id, s.id, q.owner_id, q.created_at,
            row_number() over (partition by s.org_id, q.owner_id order by q.created_at, s.id) as place
          from sessions s cross join lateral (
            select owner_id, created_at from runs r
            where r.session_id = s.id and r.org_id = s.org_id and r.status = 'queued' order by queue_seq limit 1) as q
          where s.queued_runs > 0 and s.active_run_id is null),
        able as (
          select w.org_id, w.id, w.created_at,
            row_number() over (partition by w.org_id order by w.created_at, w.id) as place
          from waiting w
          where ${bounds.perPrincipal}::int is null or w.place <= ${bounds.perPrincipal}::int - (
            select count(*) from runs o where o.org_id = w.org_id and o.owner_id = w.owner_id and o.status = 'running'))
        select a.org_id as "orgId", a.id as "sessionId" from able a
        where ${bounds.perOrganisation}::int is null or a.place <= ${bounds.perOrganisation}::int - (
          select count(*) from runs o where o.org_id = a.org_id and o.status = 'running')
        order by a.created_at, a.id limit ${bounds.limit}::int`.execute(db);
      return rows;
    });
  }

  /**
   * Begins the oldest queued run of an idle session, if it is not being begun elsewhere and its owner
   * has room. `plan` is asked under the lock and decides, without waiting, how the run is executed.
   */
  async beginNext(
    actor: Actor,
    sessionId: string,
    bounds: BeginBounds,
    plan: (run: QueuedRun) => FrozenPlan,
  ): Promise<BegunNext | undefined> {
    let tried: QueuedRun | undefined;
    try {
      return await this.database.as(actor, async (db) => {
        if (!(await lockIdleSession(db, actor, sessionId))) return undefined;
        const run = await oldestQueued(db, actor, sessionId, bounds.maxRunning);
        if (run === undefined) return undefined;
        tried = run;
        const { rows } = await beginStatement(run, plan(run), bounds).execute(db);
        const row = rows[0];
        return row === undefined ? undefined : { run: { ...run, attempt: run.attempt + 1 }, lastSeq: row.last_seq };
      });
    } catch (error) {
      const begun = tried !== undefined && isPassing(error) ? await this.begunBefore(actor, tried, bounds) : undefined;
      if (begun === undefined) throw error;
      return begun;
    }
  }

  /**
   * The answer to the commit was lost with its connection: the run may have been begun, and nobody else will execute
   * it. Waits for that transaction where it has not ended yet.
   */
  private begunBefore(actor: Actor, run: QueuedRun, bounds: BeginBounds): Promise<BegunNext | undefined> {
    const attempt = run.attempt + 1;
    return this.database.as(actor, async (db) => {
      // By its id alone: as what that transaction may leave it, the row is not found before it has.
      const row = await db
        .selectFrom('runs')
        .select(['status', 'lease_owner', 'attempt', 'last_seq'])
        .where('org_id', '=', run.orgId)
        .where('id', '=', run.runId)
        .forUpdate()
        .executeTakeFirst();
      const isOurs = row?.status === 'running' && row.lease_owner === bounds.nodeId && row.attempt === attempt;
      return isOurs ? { run: { ...run, attempt }, lastSeq: row.last_seq } : undefined;
    });
  }

  /** Ends a queued run that has not begun. The `seq` of `run.cancelled`; undefined when it is not queued any more. */
  cancelQueued(actor: Actor, sessionId: string, runId: string, at: Date): Promise<number | undefined> {
    return this.database
      .as(actor, async (db) => {
        const { rows } = await sql<{ last_seq: number; id: string | null }>`
        with q as (select id from runs where org_id = ${actor.orgId} and id = ${runId} and session_id = ${sessionId}
            and owner_id = ${actor.principalId} and status = 'queued'),
        s as (
          update sessions set last_seq = last_seq + 1, queued_runs = queued_runs - 1
          where org_id = ${actor.orgId} and id = ${sessionId} and exists (select from q) returning last_seq),
        r as (
          update runs set status = 'cancelled', finished_at = ${at}, last_seq = s.last_seq from s
          where runs.org_id = ${actor.orgId} and runs.id = ${runId} and runs.status = 'queued' returning runs.id),
        e as (
          insert into session_events (org_id, session_id, seq, type, run_id, at)
          select ${actor.orgId}, ${sessionId}, s.last_seq, 'run.cancelled', r.id, ${at} from s, r)
        select s.last_seq, r.id from s left join r on true`.execute(db);
        const row = rows[0];
        if (row === undefined) return undefined;
        // Begun between the look and the lock: undo, the caller cancels the running one.
        if (row.id === null) throw new QueuedNoMore();
        return row.last_seq;
      })
      .catch((error: unknown) => {
        if (error instanceof QueuedNoMore) return undefined;
        throw error;
      });
  }

  /** Flags a running run; its node sees the flag at the latest when it renews the lease. */
  async requestCancel(actor: Actor, sessionId: string, runId: string): Promise<void> {
    await this.database.as(actor, (db) =>
      db
        .updateTable('runs')
        .set({ cancel_requested: true })
        .where('org_id', '=', actor.orgId)
        .where('id', '=', runId)
        .where('session_id', '=', sessionId)
        .where('owner_id', '=', actor.principalId)
        .where('status', 'in', ['running', 'waiting'])
        .execute(),
    );
  }
}

class QueuedNoMore extends Error {}

const inLivingSession = sql<boolean>`exists (
  select from sessions s where s.org_id = runs.org_id and s.id = runs.session_id and s.deleted_at is null)`;

async function lockIdleSession(db: Executor, actor: Actor, sessionId: string): Promise<boolean> {
  const row = await db
    .selectFrom('sessions')
    .select('id')
    .where('org_id', '=', actor.orgId)
    .where('id', '=', sessionId)
    .where('active_run_id', 'is', null)
    .where('queued_runs', '>', 0)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  return row !== undefined;
}

async function oldestQueued(db: Executor, actor: Actor, sessionId: string, maxRunning: number | null) {
  const { rows } = await sql<QueuedRun>`
    select r.id as "runId", r.org_id as "orgId", r.session_id as "sessionId", r.actor,
      r.use_case as "useCase", s.settings as "sessionSettings", r.context, r.message_id as "messageId",
      r.message_seq as "messageSeq", m.content, r.correlation_id as "correlationId", r.attempt, r.regenerates,
      s.title_source = 'none' as untitled
    from runs r
      join sessions s on s.org_id = r.org_id and s.id = r.session_id
      join messages m on m.org_id = r.org_id and m.id = r.message_id
    where r.session_id = ${sessionId} and r.org_id = ${actor.orgId} and r.status = 'queued'
      and (${maxRunning}::int is null or ${maxRunning}::int > (
        select count(*) from runs o where o.org_id = r.org_id and o.owner_id = r.owner_id and o.status = 'running'))
    order by r.queue_seq limit 1`.execute(db);
  return rows[0];
}

function beginStatement(run: QueuedRun, plan: FrozenPlan, bounds: BeginBounds) {
  const appended = plan.answers === null ? 1 : 2;
  return sql<{ last_seq: number }>`
    with s as (
      update sessions set last_seq = last_seq + ${appended}::int, queued_runs = queued_runs - 1, active_run_id = ${run.runId}
      where org_id = ${run.orgId} and id = ${run.sessionId} returning last_seq),
    r as (
      update runs set status = 'running', attempt = attempt + 1, lease_owner = ${bounds.nodeId},
        lease_until = clock_timestamp() + make_interval(secs => ${bounds.leaseSeconds}::double precision),
        settings = ${json(plan.settings)}::jsonb, settings_adjusted = ${json(plan.adjusted)}::jsonb,
        use_case_version = ${plan.version}::int, started_at = ${bounds.at}, last_seq = s.last_seq
      from s where runs.org_id = ${run.orgId} and runs.id = ${run.runId} returning runs.id),
    e as (
      insert into session_events (org_id, session_id, seq, type, run_id, at, data)
      select ${run.orgId}, ${run.sessionId}, s.last_seq - ${appended}::int + x.i, x.type, r.id, ${bounds.at}, x.data
      from s, r, (values
        (1, 'run.started', ${json(startedFacts(plan, run.attempt + 1, bounds.at))}::jsonb),
        (2, 'component.started', ${json({ component: plan.answers })}::jsonb)) as x (i, type, data)
      where x.i <= ${appended}::int)
    select last_seq from s`;
}
