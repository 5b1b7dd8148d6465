import { Injectable } from '@nestjs/common';
import { type Acting, Database } from '../../database/index.js';

/** One use of a key by one principal. */
export interface KeyUse {
  readonly orgId: string;
  readonly principalId: string;
  readonly key: string;
  /** SHA-256 of what was asked. */
  readonly fingerprint: Buffer;
  /** When this use began: also its fence, should another call take the key over. */
  readonly begunAt: Date;
}

export type FirstUse =
  | { readonly state: 'begun' }
  | { readonly state: 'running'; readonly fingerprint: Buffer }
  | {
      readonly state: 'done';
      readonly fingerprint: Buffer;
      readonly status: number;
      readonly answerSealed: string;
    };

/** The table `idempotency_keys`: a row is `running` under a lease, then `done` until it expires. */
@Injectable()
export class IdempotencyRepository {
  constructor(private readonly database: Database) {}

  /** Takes the key if it is free or its last use is over; else says what became of the first use. */
  async begin(use: KeyUse, leaseUntil: Date): Promise<FirstUse> {
    return this.database.as(use, async (db) => {
      const row = {
        state: 'running',
        fingerprint: use.fingerprint,
        created_at: use.begunAt,
        expires_at: leaseUntil,
      } as const;
      const taken = await db
        .insertInto('idempotency_keys')
        .values({ org_id: use.orgId, principal_id: use.principalId, key: use.key, ...row })
        .onConflict((conflict) =>
          conflict
            .columns(['principal_id', 'key'])
            .doUpdateSet({ ...row, org_id: use.orgId, status: null, answer_sealed: null })
            .where('idempotency_keys.expires_at', '<=', use.begunAt),
        )
        .returning('key')
        .executeTakeFirst();
      if (taken !== undefined) return { state: 'begun' };
      const first = await db
        .selectFrom('idempotency_keys')
        .select(['state', 'fingerprint', 'status', 'answer_sealed'])
        .where('principal_id', '=', use.principalId)
        .where('key', '=', use.key)
        .executeTakeFirst();
      // Gone between the two statements: the first call failed just now, and may be repeated.
      if (first === undefined) return { state: 'running', fingerprint: use.fingerprint };
      const { state, fingerprint, status, answer_sealed: answerSealed } = first;
      if (state === 'running' || status === null || answerSealed === null) return { state: 'running', fingerprint };
      return { state: 'done', fingerprint, status, answerSealed };
    });
  }

  async prolong(use: KeyUse, leaseUntil: Date): Promise<void> {
    await this.database.as(use, (db) =>
      db
        .updateTable('idempotency_keys')
        .set({ expires_at: leaseUntil })
        .where('principal_id', '=', use.principalId)
        .where('key', '=', use.key)
        .where('state', '=', 'running')
        .where('created_at', '=', use.begunAt)
        .execute(),
    );
  }

  async finish(use: KeyUse, answer: { status: number; answerSealed: string; expiresAt: Date }): Promise<void> {
    await this.database.as(use, (db) =>
      db
        .updateTable('idempotency_keys')
        .set({ state: 'done', status: answer.status, answer_sealed: answer.answerSealed, expires_at: answer.expiresAt })
        .where('principal_id', '=', use.principalId)
        .where('key', '=', use.key)
        .where('created_at', '=', use.begunAt)
        .execute(),
    );
  }

  /** The call failed, so nothing was created: the key is free again. */
  async release(use: KeyUse): Promise<void> {
    await this.database.as(use, (db) =>
      db
        .deleteFrom('idempotency_keys')
        .where('principal_id', '=', use.principalId)
        .where('key', '=', use.key)
        .where('state', '=', 'running')
        .where('created_at', '=', use.begunAt)
        .execute(),
    );
  }

  /** @returns how many rows were past their time */
  async purge(actor: Acting, now: Date): Promise<number> {
    const result = await this.database.as(actor, (db) =>
      db.deleteFrom('idempotency_keys').where('expires_at', '<=', now).executeTakeFirst(),
    );
    return Number(result.numDeletedRows);
  }
}
