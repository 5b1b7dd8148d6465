import { Inject, Injectable } from '@nestjs/common';
import type { Kysely } from 'kysely';
import type pg from 'pg';
import { isConnectionLost, isStalePlan, translateDatabaseError } from './database.errors.js';
import { type Beginning, openExecutor } from './executor.js';

/**
 * The rows of every table. Each table's type is declared beside its migration in `libs/schema`,
 * by augmenting this interface: the platform itself knows no product.
 */
// biome-ignore lint/suspicious/noEmptyInterface: augmented by libs/schema
export interface Tables {}

/** What the database must know of an actor: whose rows a transaction may see. */
export interface Acting {
  readonly orgId: string;
}

/** A query executor inside one transaction. It works only until that transaction ends. */
export type Executor = Pick<
  Kysely<Tables>,
  | 'selectFrom'
  | 'insertInto'
  | 'updateTable'
  | 'deleteFrom'
  | 'selectNoFrom'
  | 'with'
  | 'fn'
  | 'dynamic'
  | 'getExecutor'
  | 'executeQuery'
>;

export interface TransactionOptions {
  /** Do not wait for the log to reach the disk: only for what may be lost (drafts). */
  readonly unsynced?: boolean;
  /** `work` sends exactly one statement: it is committed as soon as it has succeeded (`flight.ts`). */
  readonly single?: boolean;
}

export const APP_POOL = Symbol('APP_POOL');

@Injectable()
export class Database {
  constructor(@Inject(APP_POOL) private readonly pool: pg.Pool) {}

  /**
   * The only way to a query: runs `work` in one transaction that knows the actor's organisation.
   * A thrown error rolls back. Nothing may be awaited inside but queries: the connection is held.
   * Where the pooled connection was dead before anything began, `work` is run once more on another one.
   * @throws DATABASE_UNAVAILABLE when no connection can be had.
   */
  async as<T>(actor: Acting, work: (db: Executor) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const begin = { orgId: actor.orgId, text: beginText(actor, options), single: options.single === true };
    try {
      return await this.transaction(begin, work);
    } catch (error) {
      if (!(error instanceof NeverBegan)) throw translateDatabaseError(error);
    }
    try {
      return await this.transaction(begin, work);
    } catch (error) {
      throw translateDatabaseError(error instanceof NeverBegan ? error.cause : error);
    }
  }

  private async transaction<T>(begin: Beginning, work: (db: Executor) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    const { executor, transaction } = openExecutor<Tables>(client, begin);
    let broken: Error | undefined;
    try {
      const result = await work(executor);
      transaction.close();
      await transaction.commit();
      return result;
    } catch (error) {
      transaction.close();
      broken = isStalePlan(error) ? new Error('plans of this connection are stale') : await transaction.rollback();
      const { beginFailure } = transaction;
      throw isConnectionLost(beginFailure) ? new NeverBegan(beginFailure) : error;
    } finally {
      client.release(broken);
    }
  }

  /** Connections: all, idle, and callers waiting for one. */
  poolState(): { total: number; idle: number; waiting: number } {
    return { total: this.pool.totalCount, idle: this.pool.idleCount, waiting: this.pool.waitingCount };
  }
}

/** The connection was dead before the transaction began: nothing was done, whatever `work` has sent after it. */
class NeverBegan extends Error {
  constructor(cause: unknown) {
    super('the connection was lost before the transaction began', { cause });
  }
}

function beginText(actor: Acting, options: TransactionOptions): string {
  // The organisation is an id from a verified token or a row; quoting it all the same costs nothing.
  const organisation = actor.orgId.replaceAll("'", "''");
  const unsynced = options.unsynced === true ? ", set_config('synchronous_commit', 'off', true)" : '';
  return `begin; select set_config('parley.org', '${organisation}', true)${unsynced}`;
}
