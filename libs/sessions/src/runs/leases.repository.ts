import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database } from '@parley/platform/database';
import { sql } from 'kysely';

export interface LapsedRun {
  readonly orgId: string;
  readonly sessionId: string;
  readonly runId: string;
  readonly messageId: string;
  readonly messageSeq: number;
  readonly leaseOwner: string;
  readonly attempt: number;
  readonly regenerates: boolean;
}

/** Leases of running runs, over all organisations: what every node looks after once a second. */
@Injectable()
export class LeasesRepository {
  constructor(private readonly database: Database) {}

  /**
   * Renews the leases of the runs that a node is executing in one statement, which also brings back the
   * flags of cancellation. Runs that are missing in the answer are not the node's any more.
   */
  renew(
    actor: Actor,
    nodeId: string,
    runIds: readonly string[],
    leaseSeconds: number,
  ): Promise<{ runId: string; cancelRequested: boolean }[]> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ runId: string; cancelRequested: boolean }>`
        update runs set lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}::double precision)
        where lease_owner = ${nodeId} and status = 'running' and id = any(${[...runIds]}::text[])
        returning id as "runId", cancel_requested as "cancelRequested"`.execute(db);
      return rows;
    });
  }

  /** Running runs whose node has not renewed in time, those that have waited longest first. */
  lapsed(actor: Actor, limit: number): Promise<LapsedRun[]> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<LapsedRun>`
        select org_id as "orgId", session_id as "sessionId", id as "runId", message_id as "messageId",
          message_seq as "messageSeq", lease_owner as "leaseOwner", attempt, regenerates
        from runs where status = 'running' and lease_until < clock_timestamp()
        order by lease_until limit ${limit}::int`.execute(db);
      return rows;
    });
  }

  /** How many runs of each organisation are under way on all nodes. */
  runningByOrganisation(actor: Actor): Promise<{ orgId: string; running: number }[]> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ orgId: string; running: number }>`
        select org_id as "orgId", count(*)::int as running from runs where status = 'running' group by org_id`.execute(
        db,
      );
      return rows;
    });
  }
}
