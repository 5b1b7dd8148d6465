import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database } from '@parley/platform/database';
import { sql } from 'kysely';

export interface StaleTrial {
  readonly orgId: string;
  readonly trialId: string;
}

/** Throw-away principals: what one trial of a use case is run as, and the removal of all that it wrote. */
@Injectable()
export class TrialsRepository {
  constructor(private readonly database: Database) {}

  async begin(caller: Actor, trialId: string, at: Date): Promise<void> {
    await this.database.as(caller, (db) =>
      sql`
        with p as (
          insert into principals (id, kind, trial_of, created_at) values (${trialId}, 'trial', ${caller.principalId}, ${at}) returning id)
        insert into memberships (org_id, principal_id, joined_at) select ${caller.orgId}, p.id, ${at} from p`.execute(
        db,
      ),
    );
  }

  /**
   * Removes every row that a trial wrote. What its model calls cost stays, booked to whoever asked for it.
   * Nothing is removed while one of its runs is under way: false then.
   */
  purge(actor: Actor, trialId: string): Promise<boolean> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ running: boolean }>`
        select exists (select from runs where org_id = ${actor.orgId} and owner_id = ${trialId} and status = 'running') as running`.execute(
        db,
      );
      if (rows[0]?.running !== false) return false;
      const mine = sql`(select id from sessions where org_id = ${actor.orgId} and owner_id = ${trialId})`;
      await sql`
        update usage set principal_id = p.trial_of, session_id = null, run_id = null
        from principals p where p.id = ${trialId} and usage.org_id = ${actor.orgId} and usage.principal_id = ${trialId}`.execute(
        db,
      );
      await sql`delete from session_events where session_id in ${mine}`.execute(db);
      await sql`delete from message_drafts where session_id in ${mine}`.execute(db);
      await sql`delete from session_summaries where session_id in ${mine}`.execute(db);
      await sql`delete from runs where org_id = ${actor.orgId} and owner_id = ${trialId}`.execute(db);
      await sql`delete from messages where session_id in ${mine}`.execute(db);
      await sql`delete from sessions where org_id = ${actor.orgId} and owner_id = ${trialId}`.execute(db);
      await sql`delete from memberships where org_id = ${actor.orgId} and principal_id = ${trialId}`.execute(db);
      await sql`delete from principals where id = ${trialId} and kind = 'trial'`.execute(db);
      return true;
    });
  }

  /** Trials whose node died before it could purge them. */
  stale(actor: Actor, before: Date, limit: number): Promise<StaleTrial[]> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<StaleTrial>`
        select m.org_id as "orgId", p.id as "trialId" from principals p join memberships m on m.principal_id = p.id
        where p.kind = 'trial' and p.created_at < ${before} limit ${limit}::int`.execute(db);
      return rows;
    });
  }
}
