import { Inject, Injectable } from '@nestjs/common';
import type { Kysely } from 'kysely';
import type pg from 'pg';
import { isConnectionLost, isStalePlan, TryAgain, translateDatabaseError } from './database.errors.js';
import { openExecutor } from './executor.js';
import { type FlightPlan, flyAll } from './flight.js';
import { SharedReads } from './shared-reads.js';
import type { BoundStatement } from './statement.js';

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

/** The program at work on what belongs to no organisation: nodes, jobs, keys, counters. */
export const NO_ORGANISATION: Acting = { orgId: '' };

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
}

export const APP_POOL = Symbol('APP_POOL');

@Injectable()
export class Database {
  private readonly reads: SharedReads;

  constructor(@Inject(APP_POOL) private readonly pool: pg.Pool) {
    this.reads = new SharedReads(pool);
  }

  /**
   * Runs `work` in one transaction that knows the actor's organisation.
   * A thrown error rolls back. Nothing may be awaited inside but queries: the connection is held.
   * Where the pooled connection was dead before anything began, `work` is run once more on another one.
   * @throws DATABASE_UNAVAILABLE when no connection can be had.
   */
  as<T>(actor: Acting, work: (db: Executor) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const begin = beginText(actor, options);
    return onceMore(() => this.transaction(begin, work));
  }

  /**
   * The other way to a query: these statements in a transaction of their own, one write and one answer
   * (`flight.ts`). Their rows stand in them afterwards. A flight whose connection was lost is flown once more: whether
   * the first try was committed nobody knows, so whoever writes must recognise what is there already.
   * @throws DATABASE_UNAVAILABLE when no connection can be had.
   */
  flight(actor: Acting, ...statements: readonly BoundStatement<unknown>[]): Promise<void> {
    return onceMore(() => this.fly({ orgId: actor.orgId, statements }));
  }

  /**
   * A flight that changes nothing and holds nobody up: it shares its connection with what else is read at this moment.
   * @throws DATABASE_UNAVAILABLE when no connection can be had.
   */
  look(actor: Acting, ...statements: readonly BoundStatement<unknown>[]): Promise<void> {
    return onceMore(() => this.reads.read({ orgId: actor.orgId, statements }));
  }

  private async fly(plan: FlightPlan): Promise<void> {
    const [outcome] = await flyAll(await this.pool.connect(), [plan]);
    if (outcome?.status === 'rejected') throw outcome.reason;
  }

  private async transaction<T>(begin: string, work: (db: Executor) => Promise<T>): Promise<T> {
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
      throw isConnectionLost(beginFailure) ? new TryAgain(beginFailure) : error;
    } finally {
      client.release(broken);
    }
  }

  /** Connections: all, idle, and callers waiting for one. */
  poolState(): { total: number; idle: number; waiting: number } {
    return { total: this.pool.totalCount, idle: this.pool.idleCount, waiting: this.pool.waitingCount };
  }
}

async function onceMore<T>(transaction: () => Promise<T>): Promise<T> {
  try {
    return await transaction();
  } catch (error) {
    if (!(error instanceof TryAgain)) throw translateDatabaseError(error);
  }
  try {
    return await transaction();
  } catch (error) {
    throw translateDatabaseError(error instanceof TryAgain ? error.cause : error);
  }
}

function beginText(actor: Acting, options: TransactionOptions): string {
  // The organisation is an id from a verified token or a row; quoting it all the same costs nothing.
  const organisation = actor.orgId.replaceAll("'", "''");
  const unsynced = options.unsynced === true ? ", set_config('synchronous_commit', 'off', true)" : '';
  return `begin; select set_config('parley.org', '${organisation}', true)${unsynced}`;
}
