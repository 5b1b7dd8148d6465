import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { type Acting, Database } from '../database/index.js';

/** What a key is for: at most one key of a scope is active. */
export interface KeyScope {
  readonly level: 'installation' | 'organisation' | 'leaf';
  readonly purpose: string;
  readonly orgId: string | null;
  readonly subject: string | null;
}

export interface StoredKey {
  readonly id: string;
  readonly level: KeyScope['level'];
  readonly orgId: string | null;
  /** Id of the key-encryption key, or for a leaf of the data key, that wraps this one. */
  readonly wrappedBy: string;
  readonly wrapped: string;
}

const COLUMNS = ['id', 'level', 'org_id as orgId', 'wrapped_by as wrappedBy', 'wrapped'] as const;

@Injectable()
export class DataKeysRepository {
  constructor(private readonly database: Database) {}

  find(actor: Acting, id: string): Promise<StoredKey | undefined> {
    return this.database.as(actor, (db) =>
      db.selectFrom('data_keys').select(COLUMNS).where('id', '=', id).executeTakeFirst(),
    );
  }

  /** The oldest key that each key-encryption key wraps. */
  oldestByWrappingKey(actor: Acting): Promise<StoredKey[]> {
    return this.database.as(actor, (db) =>
      db
        .selectFrom('data_keys')
        .select(COLUMNS)
        .distinctOn('wrapped_by')
        .where('level', '<>', 'leaf')
        .orderBy('wrapped_by')
        .orderBy('id')
        .execute(),
    );
  }

  /**
   * Sets `values` uses of the scope's active key aside for the caller.
   * @returns undefined where no key is active, or where it would pass `limit` uses in all.
   */
  reserve(actor: Acting, scope: KeyScope, values: number, limit: number): Promise<StoredKey | undefined> {
    return this.database.as(actor, (db) =>
      db
        .updateTable('data_keys')
        .set((eb) => ({ reserved: eb('reserved', '+', values) }))
        .where(isActiveIn(scope))
        .where('reserved', '<=', limit - values)
        .returning(COLUMNS)
        .executeTakeFirst(),
    );
  }

  /**
   * Puts a key in the place of the scope's active one, if that has fewer than `values` uses left or there is none.
   * @returns false where somebody else has done so: the key was not stored.
   */
  replace(
    actor: Acting,
    scope: KeyScope,
    key: StoredKey,
    { values, limit, at }: { values: number; limit: number; at: Date },
  ): Promise<boolean> {
    return this.database.as(actor, async (db) => {
      await db
        .updateTable('data_keys')
        .set({ state: 'retired' })
        .where(isActiveIn(scope))
        .where('reserved', '>', limit - values)
        .execute();
      const stored = await db
        .insertInto('data_keys')
        .values({
          id: key.id,
          level: scope.level,
          purpose: scope.purpose,
          org_id: scope.orgId,
          subject: scope.subject,
          wrapped_by: key.wrappedBy,
          wrapped: key.wrapped,
          reserved: values,
          created_at: at,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      return stored !== undefined;
    });
  }
}

/** Written as the unique index `data_keys_active` has it, so that it is used. */
function isActiveIn({ level, purpose, orgId, subject }: KeyScope) {
  return sql<boolean>`level = ${level} and purpose = ${purpose} and state = 'active'
    and coalesce(org_id, '') = ${orgId ?? ''} and coalesce(subject, '') = ${subject ?? ''}`;
}
