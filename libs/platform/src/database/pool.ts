import pg from 'pg';
import { prepareFlights } from './flight.js';
import { typeParsers } from './type-parsers.js';

/** Where a database is and who asks: a URL of the operator, or the embedded server's socket. */
export type ConnectionTarget =
  | { readonly connectionString: string }
  | { readonly host: string; readonly user: string; readonly password: string; readonly database: string };

export interface PoolOptions {
  /** Connections at most. */
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Told when an idle connection breaks; the pool replaces it by itself. */
  readonly onError: (error: Error) => void;
}

/**
 * A transaction whose client went silent must not hold its locks for longer than a run's lease lasts: nothing is
 * awaited inside one but queries.
 */
const IDLE_IN_TRANSACTION_MS = 5000;

/**
 * How many times as long as the server may work on a statement its answer is waited for: it may stand behind another
 * one on its connection. Beyond that the line is dead, though nobody has said so: the kernel would try for a quarter
 * of an hour.
 */
const SILENCE = 2;

/**
 * Every statement here reads by a key and in its order, most of them one page. Before a table has statistics the
 * planner holds sorting all rows of a session for as cheap as walking its index: 20,000 rows for a page of 50.
 */
const READ_IN_ORDER = '-c enable_bitmapscan=off';

/** A pool whose clients send without waiting for earlier answers (`Database` hides its BEGIN that way). */
export function createPool(target: ConnectionTarget, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(target, options),
    max: options.max,
    pipeline: true,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: SILENCE * options.statementTimeoutMs,
    options: READ_IN_ORDER,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  });
  pool.on('error', options.onError);
  // While it is lent out a broken client fails its queries; without a listener it would end this process.
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    prepareFlights(client).catch(options.onError);
  });
  return pool;
}

/** Settings of one client outside the pool, for listening and for migrations: no statement time-out. */
export function clientConfig(
  target: ConnectionTarget,
  options: Pick<PoolOptions, 'applicationName' | 'connectTimeoutMs'>,
): pg.ClientConfig {
  return {
    // The socket needs no TLS, whatever PGSSLMODE says for other servers.
    ...('host' in target ? { ...target, port: 5432, ssl: false } : target),
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs,
    keepAlive: true,
    types: typeParsers,
  };
}
