import { Injectable } from '@nestjs/common';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import type { Actor } from '../access/actor.js';
import type { RoleName } from '../access/roles.js';
import type { Name } from './names.js';

export interface NewAccount {
  readonly principalId: string;
  readonly orgId: string;
  readonly email: Name;
  readonly username: Name | null;
  readonly displayName: string | null;
  readonly passwordHash: string;
  readonly role: RoleName;
  readonly at: Date;
}

export interface AccountRow {
  readonly principalId: string;
  readonly email: string | null;
  readonly username: string | null;
  readonly displayName: string | null;
  readonly preferences: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastLoginAt: Date | null;
  /** Sorted; without those that have run out. */
  readonly roles: readonly string[];
}

export interface ProfileChanges {
  readonly displayName?: string | null | undefined;
  readonly preferences?: Readonly<Record<string, unknown>> | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Accounts and what they are called. Sign-in names are global: unique over all organisations. */
@Injectable()
export class AccountsRepository {
  constructor(private readonly database: Database) {}

  /**
   * The account, its password, its membership and its first role, or nothing of them.
   * A taken name surfaces as a violation of `users_email_key_key` or `users_username_key_key`.
   */
  create(actor: Actor, account: NewAccount): Promise<void> {
    const { principalId, orgId, email, username, at } = account;
    return this.database.as(actor, async (db) => {
      await db.insertInto('principals').values({ id: principalId, kind: 'user', created_at: at }).execute();
      await db
        .insertInto('users')
        .values({
          principal_id: principalId,
          email: email.shown,
          email_key: email.key,
          username: username?.shown ?? null,
          username_key: username?.key ?? null,
          display_name: account.displayName,
          updated_at: at,
          last_login_at: null,
        })
        .execute();
      await db
        .insertInto('credentials')
        .values({ principal_id: principalId, password_hash: account.passwordHash, changed_at: at })
        .execute();
      await db.insertInto('memberships').values({ org_id: orgId, principal_id: principalId, joined_at: at }).execute();
      await db
        .insertInto('role_grants')
        .values({
          org_id: orgId,
          principal_id: principalId,
          role: account.role,
          expires_at: null,
          granted_by: actor.principalId,
          granted_at: at,
        })
        .execute();
    });
  }

  /** The account of a principal, with its roles in the actor's organisation. */
  find(actor: Actor, principalId: string, now: Date): Promise<AccountRow | undefined> {
    return this.database.as(actor, (db) => readAccount(db, actor.orgId, principalId, now));
  }

  /**
   * @param versions those the caller may overwrite; undefined: whichever there is
   * @returns undefined when there is no such account in one of these versions
   */
  update(
    actor: Actor,
    changes: ProfileChanges,
    versions: readonly number[] | undefined,
    now: Date,
  ): Promise<AccountRow | undefined> {
    return this.database.as(actor, async (db) => {
      const updated = await db
        .updateTable('users')
        .set((users) => ({
          ...(changes.displayName === undefined ? {} : { display_name: changes.displayName }),
          ...(changes.preferences === undefined ? {} : { preferences: JSON.stringify(changes.preferences) }),
          ...(changes.metadata === undefined ? {} : { metadata: JSON.stringify(changes.metadata) }),
          version: users('version', '+', 1),
          updated_at: now,
        }))
        .where('principal_id', '=', actor.principalId)
        .$if(versions !== undefined, (query) => query.where('version', '=', sql<number>`any(${versions}::bigint[])`))
        .returning('principal_id')
        .executeTakeFirst();
      return updated && readAccount(db, actor.orgId, updated.principal_id, now);
    });
  }

  /** Whether anybody who can sign in is an administrator of the organisation. */
  async hasAdmin(actor: Actor, orgId: string, now: Date): Promise<boolean> {
    const found = await this.database.as(actor, (db) =>
      db
        .selectFrom('role_grants')
        .innerJoin('principals', 'principals.id', 'role_grants.principal_id')
        .where('role_grants.org_id', '=', orgId)
        .where('role_grants.role', '=', 'admin' satisfies RoleName)
        .where('principals.status', '=', 'active')
        .where((grants) => grants.or([grants('expires_at', 'is', null), grants('expires_at', '>', now)]))
        .select('role_grants.principal_id')
        .limit(1)
        .executeTakeFirst(),
    );
    return found !== undefined;
  }
}

async function readAccount(
  db: Executor,
  orgId: string,
  principalId: string,
  now: Date,
): Promise<AccountRow | undefined> {
  return await db
    .selectFrom('users')
    .innerJoin('principals', 'principals.id', 'users.principal_id')
    .where('users.principal_id', '=', principalId)
    .select([
      'users.principal_id as principalId',
      'users.email',
      'users.username',
      'users.display_name as displayName',
      'users.preferences',
      'users.metadata',
      'users.version',
      'principals.created_at as createdAt',
      'users.updated_at as updatedAt',
      'users.last_login_at as lastLoginAt',
    ])
    .select(rolesIn(orgId, now).as('roles'))
    .executeTakeFirst();
}

function rolesIn(orgId: string, now: Date) {
  return sql<string[]>`array(
    select g.role from role_grants g
    where g.org_id = ${orgId} and g.principal_id = users.principal_id and (g.expires_at is null or g.expires_at > ${now})
    order by g.role)`;
}
