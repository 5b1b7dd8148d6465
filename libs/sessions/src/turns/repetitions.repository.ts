import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database } from '@parley/platform/database';

/** A message with a client's own id that is there already. */
export interface SaidBefore {
  readonly runId: string;
  readonly erased: boolean;
  readonly words: {
    readonly content: string;
    readonly parts: unknown;
    readonly attachments: unknown;
    readonly metadata: unknown;
    readonly context: unknown;
  };
}

/** A call of this principal with the same key. */
export interface KeyedBefore {
  readonly fingerprint: Buffer;
  readonly runId: string | null;
  readonly expiresAt: Date;
}

/** How messages and regenerations that come again are known: by the client's own id, or by a key. */
@Injectable()
export class RepetitionsRepository {
  constructor(private readonly database: Database) {}

  /** The message with this client id, and the run that it has begun. */
  byClientId(actor: Actor, sessionId: string, clientMessageId: string): Promise<SaidBefore | undefined> {
    return this.database.as(actor, async (db) => {
      const row = await db
        .selectFrom('messages as m')
        .innerJoin('runs as r', (join) => join.onRef('r.org_id', '=', 'm.org_id').onRef('r.id', '=', 'm.run_id'))
        .select(['m.content', 'm.parts', 'm.attachments', 'm.metadata', 'm.status', 'r.id as runId', 'r.context'])
        .where('m.org_id', '=', actor.orgId)
        .where('m.session_id', '=', sessionId)
        .where('m.client_message_id', '=', clientMessageId)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { runId, status, ...words } = row;
      return { runId, erased: status === 'deleted', words };
    });
  }

  byKey(actor: Actor, key: string): Promise<KeyedBefore | undefined> {
    return this.database.as(actor, async (db) => {
      const row = await db
        .selectFrom('idempotency_keys')
        .select(['fingerprint', 'run_id', 'expires_at'])
        .where('principal_id', '=', actor.principalId)
        .where('key', '=', key)
        .executeTakeFirst();
      return row === undefined
        ? undefined
        : { fingerprint: row.fingerprint, runId: row.run_id, expiresAt: row.expires_at };
    });
  }

  /** Whether there was such a key that had expired. */
  forgetKey(actor: Actor, key: string, expiredAt: Date): Promise<boolean> {
    return this.database.as(actor, async (db) => {
      const { numDeletedRows } = await db
        .deleteFrom('idempotency_keys')
        .where('principal_id', '=', actor.principalId)
        .where('key', '=', key)
        .where('expires_at', '<=', expiredAt)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    });
  }
}
