import { Injectable } from '@nestjs/common';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import type { Actor } from '../access/actor.js';
import type { Identifier } from '../accounts/names.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Failures of one name from one network, and how long that pair is locked then. */
const PAIR = { failures: 5, within: 15 * MINUTE, locked: 15 * MINUTE };
/** Failures of one name from anywhere, and how long unknown networks are locked then. */
const EVERYWHERE = { failures: 50, within: HOUR, locked: 15 * MINUTE };
const KNOWN_FOR = 90 * DAY;
/** The network of locks that hold for all unknown ones. */
const ALL = '*';

/** Who tries to sign in, as failures and locks know it. */
export interface Attempt {
  readonly identifier: Identifier;
  /** SHA-256 of the identifier: names that do not exist are not kept in the clear. */
  readonly digest: Buffer;
  readonly network: string;
  /** The account that this device was signed in to before, if it can show it. */
  readonly knownTo: string | null;
}

export interface SignInAccount {
  readonly principalId: string;
  readonly status: string;
  /** Null for an account without a password. */
  readonly passwordHash: string | null;
  /** The organisation that the sign-in is for; null for a person who is member of none. */
  readonly orgId: string | null;
}

export interface Admission {
  readonly principalId: string;
  readonly orgId: string;
  readonly loginId: string;
  readonly amr: readonly string[];
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly refreshHash: Buffer;
  readonly refreshExpiresAt: Date;
  readonly loginExpiresAt: Date;
  readonly mostLogins: number;
  /** A stronger hash of the same password, where the stored one is outdated. */
  readonly rehashed: string | null;
}

/** What a sign-in reads and writes: the account behind a name, failures, locks, the new login. */
@Injectable()
export class SignInRepository {
  constructor(private readonly database: Database) {}

  findAccount(actor: Actor, { kind, key }: Identifier): Promise<SignInAccount | undefined> {
    return this.database.as(actor, (db) =>
      db
        .selectFrom('users')
        .innerJoin('principals', 'principals.id', 'users.principal_id')
        .leftJoin('credentials', 'credentials.principal_id', 'users.principal_id')
        .where(kind === 'email' ? 'users.email_key' : 'users.username_key', '=', key)
        .select((users) => [
          'principals.id as principalId',
          'principals.status',
          'credentials.password_hash as passwordHash',
          users
            .selectFrom('memberships')
            .whereRef('memberships.principal_id', '=', 'users.principal_id')
            .where('memberships.status', '=', 'active')
            .select('memberships.org_id')
            .orderBy('joined_at')
            .orderBy('org_id')
            .limit(1)
            .as('orgId'),
        ])
        .executeTakeFirst(),
    );
  }

  /** Until when this attempt is refused unseen; undefined when it is not. */
  lockedUntil(actor: Actor, attempt: Attempt, now: Date): Promise<Date | undefined> {
    return this.database.as(actor, (db) => readLock(db, attempt, now));
  }

  /**
   * Counts a failure and locks where there are too many; during a lock of its pair it counts for nothing.
   * @returns how many locks it brought
   */
  recordFailure(actor: Actor, { digest, network }: Attempt, now: Date): Promise<number> {
    return this.database.as(actor, async (db) => {
      // One at a time for a name, so that failures at the same moment see each other.
      await sql`select pg_advisory_xact_lock(hashtextextended(${digest.toString('hex')}, 1))`.execute(db);
      const { rows } = await sql<{ locks: number }>`
        with attempt as (
          select ${digest}::bytea as identifier, ${network}::text as network, ${now}::timestamptz as at
          where not exists (
            select from login_locks where identifier = ${digest} and network = ${network} and until > ${now})
        ), seen as (
          select 1 + count(*) as everywhere,
            1 + count(*) filter (where network = ${network} and at > ${before(now, PAIR.within)}) as pair
          from login_failures where identifier = ${digest} and at > ${before(now, EVERYWHERE.within)}
        ), failed as (
          insert into login_failures (identifier, network, at) select identifier, network, at from attempt
        ), locked as (
          insert into login_locks (identifier, network, until)
          select identifier, network, ${after(now, PAIR.locked)}::timestamptz from attempt, seen
          where pair >= ${PAIR.failures}
          union all
          select identifier, ${ALL}, ${after(now, EVERYWHERE.locked)} from attempt, seen
          where everywhere >= ${EVERYWHERE.failures}
          on conflict (identifier, network) do update set until = excluded.until where login_locks.until <= ${now}
          returning network
        )
        select count(*) as locks from locked`.execute(db);
      return rows[0]?.locks ?? 0;
    });
  }

  /**
   * Opens a login for a right password: its refresh token, what is known of its device; failures of the
   * pair are forgotten and the least recently used logins beyond the most go.
   * @returns the logins that were ended, or until when the pair was locked while the password was hashed
   */
  admit(
    actor: Actor,
    attempt: Attempt,
    admission: Admission,
    now: Date,
  ): Promise<{ ended: string[] } | { until: Date }> {
    return this.database.as(actor, async (db) => {
      const until = await readLock(db, attempt, now);
      if (until !== undefined) return { until };
      await forgetFailures(db, attempt);
      // Locks the row: sign-ins of one person go one after the other from here on.
      await db
        .updateTable('users')
        .set({ last_login_at: now })
        .where('principal_id', '=', admission.principalId)
        .execute();
      if (admission.rehashed !== null) {
        await db
          .updateTable('credentials')
          .set({ password_hash: admission.rehashed })
          .where('principal_id', '=', admission.principalId)
          .execute();
      }
      await insertLogin(db, attempt.network, admission, now);
      return { ended: await endSurplus(db, admission, now) };
    });
  }
}

async function readLock(db: Executor, attempt: Attempt, now: Date): Promise<Date | undefined> {
  const { identifier, digest, network, knownTo } = attempt;
  const { rows } = await sql<{ until: Date | null }>`
    select max(until) as until from login_locks
    where identifier = ${digest} and until > ${now} and (network = ${network} or (network = ${ALL} and not exists (
      select from users u
      where (u.email_key = ${identifier.key} or u.username_key = ${identifier.key})
        and (u.principal_id = ${knownTo} or exists (
          select from logins l where l.principal_id = u.principal_id
            and l.network = ${network} and l.created_at > ${before(now, KNOWN_FOR)})))))`.execute(db);
  return rows[0]?.until ?? undefined;
}

async function forgetFailures(db: Executor, { digest, network }: Attempt): Promise<void> {
  await db.deleteFrom('login_failures').where('identifier', '=', digest).where('network', '=', network).execute();
  await db.deleteFrom('login_locks').where('identifier', '=', digest).where('network', '=', network).execute();
}

async function insertLogin(db: Executor, network: string, admission: Admission, now: Date): Promise<void> {
  await db
    .insertInto('logins')
    .values({
      id: admission.loginId,
      org_id: admission.orgId,
      principal_id: admission.principalId,
      created_at: now,
      auth_time: now,
      last_seen_at: now,
      expires_at: admission.loginExpiresAt,
      ended_at: null,
      end_reason: null,
      amr: [...admission.amr],
      ip: admission.ip,
      network,
      user_agent: admission.userAgent,
    })
    .execute();
  await db
    .insertInto('refresh_tokens')
    .values({
      hash: admission.refreshHash,
      login_id: admission.loginId,
      issued_at: now,
      expires_at: admission.refreshExpiresAt,
      used_at: null,
      replay_key: null,
      replay_sealed: null,
      replay_until: null,
    })
    .execute();
}

async function endSurplus(db: Executor, { principalId, mostLogins }: Admission, now: Date): Promise<string[]> {
  const ended = await db
    .updateTable('logins')
    .set({ ended_at: now, end_reason: 'displaced' })
    .where('id', 'in', (logins) =>
      logins
        .selectFrom('logins')
        .where('principal_id', '=', principalId)
        .where('ended_at', 'is', null)
        .where('expires_at', '>', now)
        .select('id')
        .orderBy('last_seen_at', 'desc')
        .orderBy('id', 'desc')
        .offset(mostLogins),
    )
    .returning('id')
    .execute();
  return ended.map(({ id }) => id);
}

function before(now: Date, milliseconds: number): Date {
  return new Date(now.getTime() - milliseconds);
}

function after(now: Date, milliseconds: number): Date {
  return new Date(now.getTime() + milliseconds);
}
