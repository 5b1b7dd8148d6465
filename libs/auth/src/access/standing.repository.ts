import { Injectable } from '@nestjs/common';
import { Database } from '@parley/platform/database';
import { sql } from 'kysely';
import type { Actor } from './actor.js';

/** What is true right now of the login behind a token. */
export interface Standing {
  readonly kind: Actor['kind'];
  readonly principalId: string;
  readonly orgId: string;
  /** Not ended, not run out; principal, membership and signing key in good standing. */
  readonly live: boolean;
  /** False only for a key that was revoked or is gone. */
  readonly keyStands: boolean;
  /** Sorted. */
  readonly roles: readonly string[];
}

/** The one read behind every request, and its like for all open connections at once. */
@Injectable()
export class StandingRepository {
  constructor(private readonly database: Database) {}

  /**
   * On the hot path of every request: one prepared statement by primary keys.
   * @param storedKid the stored key that signed the token; null where keys are not stored
   */
  async read(
    acting: { readonly orgId: string },
    loginId: string,
    storedKid: string | null,
    now: Date,
  ): Promise<Standing | undefined> {
    const { rows } = await this.database.as(acting, (db) =>
      sql<Standing>`
        select p.kind, l.principal_id as "principalId", l.org_id as "orgId",
          l.ended_at is null and l.expires_at > ${now} and p.status = 'active' and m.status = 'active' as live,
          ${storedKid}::text is null
            or exists (select from signing_keys k where k.kid = ${storedKid} and k.state <> 'revoked') as "keyStands",
          array(
            select g.role from role_grants g
            where g.org_id = l.org_id and g.principal_id = l.principal_id and (g.expires_at is null or g.expires_at > ${now})
            order by g.role) as roles
        from logins l
        join principals p on p.id = l.principal_id
        join memberships m on m.org_id = l.org_id and m.principal_id = l.principal_id
        where l.id = ${loginId}`.execute(db),
    );
    return rows[0];
  }

  /** Which of these logins still stand. */
  async standing(actor: Actor, loginIds: readonly string[], now: Date): Promise<Set<string>> {
    const { rows } = await this.database.as(actor, (db) =>
      sql<{ id: string }>`
        select l.id from logins l
        join principals p on p.id = l.principal_id
        join memberships m on m.org_id = l.org_id and m.principal_id = l.principal_id
        where l.id = any(${loginIds}::text[]) and l.ended_at is null and l.expires_at > ${now}
          and p.status = 'active' and m.status = 'active'`.execute(db),
    );
    return new Set(rows.map(({ id }) => id));
  }
}
