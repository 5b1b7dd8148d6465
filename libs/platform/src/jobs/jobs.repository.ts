import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { type Acting, Database } from '../database/index.js';

/** One try of one job, as it was claimed. */
export interface JobClaim {
  readonly name: string;
  readonly id: string;
  /** Tries that failed before this one. */
  readonly retryCount: number;
}

/** How many jobs of one kind are in which state. */
export interface JobCounts {
  readonly job: string;
  /** Could run now. */
  readonly waiting: number;
  /** Will run later: delayed, or after a failed try. */
  readonly delayed: number;
  readonly running: number;
  /** Failed for good and kept. */
  readonly dead: number;
  /** How long the oldest waiting one has been ready; null when none waits. */
  readonly oldestWaitingSeconds: number | null;
}

export interface DeadLetterRow {
  readonly id: string;
  readonly queue: string;
  readonly job: string;
  readonly data: unknown;
  readonly error: unknown;
  readonly retryCount: number;
  readonly sentAt: Date;
  readonly diedAt: Date;
}

/** What pg-boss 12.35.0 keeps in its tables and does not offer by a call. It goes by the database's clock. */
@Injectable()
export class JobsRepository {
  constructor(private readonly database: Database) {}

  /** Decides about the failure that follows: when the next try is due, or that there is none. */
  async beforeFailure(actor: Acting, claim: JobClaim, next: { delaySeconds: number } | 'never'): Promise<void> {
    const delay = next === 'never' ? 0 : next.delaySeconds;
    await this.database.as(actor, (db) =>
      sql`
        update pgboss.job set retry_delay = ${delay},
          retry_limit = case when ${next === 'never'} then retry_count else retry_limit end
        where name = ${claim.name} and id = ${claim.id} and state = 'active' and retry_count = ${claim.retryCount}
      `.execute(db),
    );
  }

  /** Hands a job back untried: the next node takes it at once, and the try does not count. */
  async handBack(actor: Acting, claim: JobClaim): Promise<void> {
    await this.database.as(actor, (db) =>
      sql`
        update pgboss.job set state = 'retry', start_after = now(), started_on = null, heartbeat_on = null
        where name = ${claim.name} and id = ${claim.id} and state = 'active' and retry_count = ${claim.retryCount}
      `.execute(db),
    );
  }

  /** Every kind of job that was ever sent or worked here, by name. */
  async counts(actor: Acting): Promise<JobCounts[]> {
    const { rows } = await this.database.as(actor, (db) =>
      sql<JobCounts>`
        with states as (
          select name,
            count(*) filter (where state < 'active' and start_after <= now()) as waiting,
            count(*) filter (where state < 'active' and start_after > now()) as delayed,
            count(*) filter (where state = 'active') as running,
            min(start_after) filter (where state < 'active' and start_after <= now()) as ready_since
          from pgboss.job where state <= 'active' group by name
        )
        select q.name as job, coalesce(s.waiting, 0) as waiting, coalesce(s.delayed, 0) as delayed,
          coalesce(s.running, 0) as running, coalesce(d.waiting + d.delayed + d.running, 0) as dead,
          extract(epoch from now() - s.ready_since)::float8 as "oldestWaitingSeconds"
        from pgboss.queue q
        left join states s on s.name = q.name
        left join states d on d.name = q.dead_letter
        where left(q.name, 2) <> '__' and not exists (select from pgboss.queue o where o.dead_letter = q.name)
        order by q.name
      `.execute(db),
    );
    return rows;
  }

  /** Dead letters, newest first. */
  async deadLetters(
    actor: Acting,
    filter: { job: string | null; ids: readonly string[] | null; limit: number },
  ): Promise<DeadLetterRow[]> {
    const { rows } = await this.database.as(actor, (db) =>
      sql<DeadLetterRow>`
        select j.id, j.name as queue, j.source_name as job, j.data, j.source_output as error,
          j.source_retry_count as "retryCount", j.source_created_on as "sentAt", j.created_on as "diedAt"
        from pgboss.job j
        where j.source_name is not null and j.state < 'active'
          and exists (select from pgboss.queue q where q.dead_letter = j.name)
          and (${filter.job}::text is null or j.source_name = ${filter.job})
          and (${filter.ids}::uuid[] is null or j.id = any(${filter.ids}::uuid[]))
        order by j.created_on desc, j.id limit ${filter.limit}
      `.execute(db),
    );
    return rows;
  }
}
