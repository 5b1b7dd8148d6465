import { Injectable } from '@nestjs/common';
import { Database, part, Statement } from '@parley/platform/database';
import { sql } from 'kysely';
import type { Actor } from './actor.js';

/** What is true right now of a principal in an organisation. */
export interface PrincipalStanding {
  readonly kind: Actor['kind'];
  readonly principalId: string;
  readonly orgId: string;
  readonly name: string | null;
  /** As the person wrote it into its preferences. */
  readonly timeZone: string | null;
  /** Principal and membership active; for a login also: not ended, not run out. */
  readonly live: boolean;
  /** Sorted. */
  readonly roles: readonly string[];
}

/** What is true right now of the login behind a token. */
export interface LoginStanding extends PrincipalStanding {
  /** False only for a key that was revoked or is gone. */
  readonly keyStands: boolean;
}

/** What an open connection came in by. */
export interface Entry {
  readonly loginId: string;
  readonly signingKeyId: string | null;
}

/** The one read behind every request, and its like for jobs and for all open connections at once. */
@Injectable()
export class StandingRepository {
  constructor(private readonly database: Database) {}

  /**
   * On the hot path of every request: one prepared statement by primary keys.
   * @param storedKid the stored key that signed the token; null where keys are not stored
   */
  async ofLogin(
    acting: { readonly orgId: string },
    loginId: string,
    storedKid: string | null,
    now: Date,
  ): Promise<LoginStanding | undefined> {
    const found = OF_LOGIN.of({ loginId, storedKid, now });
    await this.database.look(acting, found);
    return found.rows[0];
  }

  /** The same for what a principal caused earlier, whatever became of its login. */
  async ofPrincipal(
    acting: { readonly orgId: string },
    principalId: string,
    now: Date,
  ): Promise<PrincipalStanding | undefined> {
    const found = OF_PRINCIPAL.of({ orgId: acting.orgId, principalId, now });
    await this.database.look(acting, found);
    return found.rows[0];
  }

  /**
   * Those of the entries that still stand: their login has not ended, and the key of their token was not revoked. (One
   * that has retired and is gone by now ends nothing that it let in.)
   */
  async standing(actor: Actor, entries: readonly Entry[], now: Date): Promise<Set<Entry>> {
    const loginIds = entries.map(({ loginId }) => loginId);
    const keyIds = entries.map(({ signingKeyId }) => signingKeyId);
    const { rows } = await this.database.as(actor, (db) =>
      sql<{ nth: number }>`
        select e.nth from unnest(${loginIds}::text[], ${keyIds}::text[]) with ordinality as e (login_id, key_id, nth)
        join logins l on l.id = e.login_id
        join principals p on p.id = l.principal_id
        join memberships m on m.org_id = l.org_id and m.principal_id = l.principal_id
        where l.ended_at is null and l.expires_at > ${now} and p.status = 'active' and m.status = 'active'
          and not exists (select from signing_keys k where k.kid = e.key_id and k.state = 'revoked')`.execute(db),
    );
    const standing = new Set(rows.map(({ nth }) => nth));
    return new Set(entries.filter((_, index) => standing.has(index + 1)));
  }
}

interface At {
  readonly now: Date;
}

const now = (facts: At): Date => facts.now;

/** A trial has the rights of whoever tries. */
const PRINCIPAL = part<At>`
  p.kind, m.principal_id as "principalId", m.org_id as "orgId", coalesce(u.display_name, u.username) as name,
  u.preferences->>'time_zone' as "timeZone",
  array(
    select g.role from role_grants g
    where g.org_id = m.org_id and g.principal_id = coalesce(p.trial_of, m.principal_id) and (g.expires_at is null or g.expires_at > ${now})
    order by g.role
  ) as roles`;

interface OfLogin extends At {
  readonly loginId: string;
  readonly storedKid: string | null;
}

const storedKid = (facts: OfLogin): string | null => facts.storedKid;

const OF_LOGIN = new Statement<OfLogin, LoginStanding>(part<OfLogin>`
  select ${PRINCIPAL},
    l.ended_at is null and l.expires_at > ${now} and p.status = 'active' and m.status = 'active' as live,
    ${storedKid}::text is null
      or exists (select from signing_keys k where k.kid = ${storedKid} and k.state <> 'revoked') as "keyStands"
  from logins l
  join principals p on p.id = l.principal_id
  join memberships m on m.org_id = l.org_id and m.principal_id = l.principal_id
  left join users u on u.principal_id = l.principal_id
  where l.id = ${({ loginId }) => loginId}`);

interface OfPrincipal extends At {
  readonly orgId: string;
  readonly principalId: string;
}

const OF_PRINCIPAL = new Statement<OfPrincipal, PrincipalStanding>(part<OfPrincipal>`
  select ${PRINCIPAL}, p.status = 'active' and m.status = 'active' as live
  from memberships m
  join principals p on p.id = m.principal_id
  left join users u on u.principal_id = m.principal_id
  where m.org_id = ${({ orgId }) => orgId} and m.principal_id = ${({ principalId }) => principalId}`);
