import { Injectable } from '@nestjs/common';
import { Database } from '@parley/platform/database';
import { sql } from 'kysely';
import type { Actor } from './access/actor.js';

/** Rows in one statement: long deletes would hold their locks for long. */
export const SWEEP_BATCH = 5000;

/** What no rule looks at any more. */
@Injectable()
export class AuthRetentionRepository {
  constructor(private readonly database: Database) {}

  deleteFailures(actor: Actor, before: Date): Promise<number> {
    return this.database.as(actor, async (db) => {
      const { numAffectedRows = 0n } = await sql`
        delete from login_failures where id in (
          select id from login_failures where at < ${before} limit ${SWEEP_BATCH})`.execute(db);
      return Number(numAffectedRows);
    });
  }

  deleteLocks(actor: Actor, before: Date): Promise<number> {
    return this.database.as(actor, async (db) => {
      const { numAffectedRows = 0n } = await sql`
        delete from login_locks where (identifier, network) in (
          select identifier, network from login_locks where until < ${before} limit ${SWEEP_BATCH})`.execute(db);
      return Number(numAffectedRows);
    });
  }

  deleteRefreshTokens(actor: Actor, expiredBefore: Date): Promise<number> {
    return this.database.as(actor, async (db) => {
      const { numAffectedRows = 0n } = await sql`
        delete from refresh_tokens where hash in (
          select hash from refresh_tokens where expires_at < ${expiredBefore} limit ${SWEEP_BATCH})`.execute(db);
      return Number(numAffectedRows);
    });
  }

  /** Logins tell which networks are known: they stay until that has run out too. */
  deleteLogins(actor: Actor, overBefore: Date, begunBefore: Date): Promise<number> {
    return this.database.as(actor, async (db) => {
      const { numAffectedRows = 0n } = await sql`
        delete from logins where id in (
          select id from logins
          where created_at < ${begunBefore} and coalesce(ended_at, expires_at) < ${overBefore} limit ${SWEEP_BATCH})`.execute(
        db,
      );
      return Number(numAffectedRows);
    });
  }
}
