import { Injectable } from '@nestjs/common';
import { Database } from '@parley/platform/database';
import { sql } from 'kysely';
import type { Actor } from '../access/actor.js';
import type { PublicJwk } from './token-keys.js';

export type SigningKeyState = 'next' | 'active' | 'retired' | 'revoked';

export interface StoredSigningKey {
  readonly kid: string;
  readonly state: SigningKeyState;
  readonly publicJwk: PublicJwk;
  /** Sealed PKCS #8 in PEM. */
  readonly privateSealed: string | null;
  readonly createdAt: Date;
  readonly activatedAt: Date | null;
  readonly retiredAt: Date | null;
}

export interface NewSigningKey {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateSealed: string;
  readonly at: Date;
}

/** Keys that sign access tokens. They belong to the installation, not to an organisation. */
@Injectable()
export class SigningKeysRepository {
  constructor(private readonly database: Database) {}

  all(actor: Actor): Promise<StoredSigningKey[]> {
    return this.database.as(actor, (db) =>
      db
        .selectFrom('signing_keys')
        .select([
          'kid',
          'state',
          'public_jwk as publicJwk',
          'private_sealed as privateSealed',
          'created_at as createdAt',
          'activated_at as activatedAt',
          'retired_at as retiredAt',
        ])
        .orderBy('created_at')
        .orderBy('kid')
        .execute(),
    );
  }

  /** A key that is published at once and signs from its promotion on; nothing happens where one waits already. */
  async addNext(actor: Actor, key: NewSigningKey): Promise<void> {
    await this.database.as(actor, (db) =>
      sql`
        insert into signing_keys (kid, algorithm, state, public_jwk, private_sealed, created_at)
        select ${key.kid}, 'ES256', 'next', ${JSON.stringify(key.publicJwk)}::jsonb, ${key.privateSealed}, ${key.at}
        where not exists (select from signing_keys where state = 'next')`.execute(db),
    );
  }

  /** A key that signs at once, where none does: at the first start and after a revocation. */
  async addActive(actor: Actor, key: NewSigningKey): Promise<void> {
    await this.database.as(actor, (db) =>
      sql`
        insert into signing_keys (kid, algorithm, state, public_jwk, private_sealed, created_at, activated_at)
        values (${key.kid}, 'ES256', 'active', ${JSON.stringify(key.publicJwk)}::jsonb, ${key.privateSealed}, ${key.at}, ${key.at})
        on conflict (state) where state = 'active' do nothing`.execute(db),
    );
  }

  /** The key that was published before `publishedBefore` and still waits takes over from the one that signs. */
  async promoteNext(actor: Actor, publishedBefore: Date, at: Date): Promise<void> {
    await this.database.as(actor, async (db) => {
      const next = await db
        .selectFrom('signing_keys')
        .select('kid')
        .where('state', '=', 'next')
        .where('created_at', '<=', publishedBefore)
        .orderBy('created_at')
        .limit(1)
        .forUpdate()
        .executeTakeFirst();
      if (next === undefined) return;
      await db
        .updateTable('signing_keys')
        .set({ state: 'retired', retired_at: at })
        .where('state', '=', 'active')
        .execute();
      await db
        .updateTable('signing_keys')
        .set({ state: 'active', activated_at: at })
        .where('kid', '=', next.kid)
        .execute();
    });
  }

  /** @returns whether there was such a key to revoke */
  async revoke(actor: Actor, kid: string): Promise<boolean> {
    const revoked = await this.database.as(actor, (db) =>
      db
        .updateTable('signing_keys')
        .set({ state: 'revoked', private_sealed: null })
        .where('kid', '=', kid)
        .where('state', '<>', 'revoked')
        .returning('kid')
        .executeTakeFirst(),
    );
    return revoked !== undefined;
  }

  /** Removes keys that were retired before `retiredBefore`: no token of theirs is valid any more. */
  async removeRetired(actor: Actor, retiredBefore: Date): Promise<number> {
    const { numDeletedRows } = await this.database.as(actor, (db) =>
      db
        .deleteFrom('signing_keys')
        .where('state', '=', 'retired')
        .where('retired_at', '<', retiredBefore)
        .executeTakeFirstOrThrow(),
    );
    return Number(numDeletedRows);
  }
}
