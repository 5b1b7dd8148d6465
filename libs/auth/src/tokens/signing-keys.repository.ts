import { Injectable } from '@nestjs/common';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import type { Actor } from '../access/actor.js';
import type { PublicJwk } from './token-keys.js';

export type SigningKeyState = 'next' | 'active' | 'retired' | 'revoked';

export interface StoredSigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly state: SigningKeyState;
  readonly publicJwk: PublicJwk;
  /** Sealed PKCS #8 in PEM. */
  readonly privateSealed: string | null;
  readonly createdAt: Date;
  readonly activatedAt: Date | null;
  readonly retiredAt: Date | null;
}

/** A key that is published and does not sign yet. */
export interface WaitingKey {
  readonly kid: string;
  readonly createdAt: Date;
}

export interface NewSigningKey {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateSealed: string;
  readonly at: Date;
}

const STORED = [
  'kid',
  'algorithm',
  'state',
  'public_jwk as publicJwk',
  'private_sealed as privateSealed',
  'created_at as createdAt',
  'activated_at as activatedAt',
  'retired_at as retiredAt',
] as const;

/** Keys that sign access tokens. They belong to the installation, not to an organisation. */
@Injectable()
export class SigningKeysRepository {
  constructor(private readonly database: Database) {}

  all(actor: Actor): Promise<StoredSigningKey[]> {
    return this.database.as(actor, (db) =>
      db.selectFrom('signing_keys').select(STORED).orderBy('created_at').orderBy('kid').execute(),
    );
  }

  /** The key that signs now. */
  active(actor: Actor): Promise<StoredSigningKey | undefined> {
    return this.database.as(actor, (db) =>
      db.selectFrom('signing_keys').select(STORED).where('state', '=', 'active').executeTakeFirst(),
    );
  }

  /**
   * A key that is published at once and signs from its promotion on; nothing happens where one waits already.
   * @returns the one that waits now
   */
  addNext(actor: Actor, key: NewSigningKey): Promise<WaitingKey> {
    return this.database.as(actor, async (db) => {
      const waiting = await lockNext(db);
      if (waiting !== undefined) return waiting;
      await sql`
        insert into signing_keys (kid, algorithm, state, public_jwk, private_sealed, created_at)
        values (${key.kid}, 'ES256', 'next', ${JSON.stringify(key.publicJwk)}::jsonb, ${key.privateSealed}, ${key.at})`.execute(
        db,
      );
      return { kid: key.kid, createdAt: key.at };
    });
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
      const next = await lockNext(db);
      if (next === undefined || next.createdAt > publishedBefore) return;
      await db
        .updateTable('signing_keys')
        .set({ state: 'retired', retired_at: at })
        .where('state', '=', 'active')
        .execute();
      await activate(db, next.kid, at);
    });
  }

  /**
   * Ends a key for good. Where it is the one that signs, a key that waits takes over at once: not all who keep
   * a copy of the public keys know it yet, but they would know a new one even less.
   * @returns the state it was in; undefined where there is no such key
   */
  revoke(actor: Actor, kid: string, at: Date): Promise<SigningKeyState | undefined> {
    return this.database.as(actor, async (db) => {
      // Before the key itself, as `promoteNext` does: else each could wait for the other.
      const next = await lockNext(db);
      const key = await db
        .selectFrom('signing_keys')
        .select('state')
        .where('kid', '=', kid)
        .forUpdate()
        .executeTakeFirst();
      if (key === undefined) return undefined;
      await db
        .updateTable('signing_keys')
        .set({ state: 'revoked', private_sealed: null })
        .where('kid', '=', kid)
        .execute();
      if (key.state === 'active' && next !== undefined) await activate(db, next.kid, at);
      return key.state;
    });
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

/** The key that waits, the oldest where there are more. Nobody else promotes it before this transaction ends. */
function lockNext(db: Executor): Promise<WaitingKey | undefined> {
  return db
    .selectFrom('signing_keys')
    .select(['kid', 'created_at as createdAt'])
    .where('state', '=', 'next')
    .orderBy('created_at')
    .limit(1)
    .forUpdate()
    .executeTakeFirst();
}

async function activate(db: Executor, kid: string, at: Date): Promise<void> {
  await db.updateTable('signing_keys').set({ state: 'active', activated_at: at }).where('kid', '=', kid).execute();
}
