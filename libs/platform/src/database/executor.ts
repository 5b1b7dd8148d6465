import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type pg from 'pg';
import { wireOf } from './wire.js';

const adapter = new PostgresAdapter();
const compiler = new PostgresQueryCompiler();

/** Texts beyond this many stay unnamed, so that a generated text cannot fill the server's memory. */
const MOST_PREPARED = 2000;
const prepared = new Map<string, string>();

/**
 * A Kysely over exactly one pooled client, in one transaction that `begin` opens. Statements with parameters
 * are named, so that the server parses each once per connection: that alone took the first statement of a turn
 * from 3,500 to 5,900 a second.
 */
export function openExecutor<T>(client: pg.PoolClient, begin: string): OpenExecutor<T> {
  const connection = new TransactionConnection(client, begin);
  const driver = new OneConnectionDriver(connection);
  const executor = new Kysely<T>({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => compiler,
    },
  });
  return { executor, transaction: connection };
}

export interface OpenExecutor<T> {
  readonly executor: Kysely<T>;
  readonly transaction: TransactionConnection;
}

/** One transaction on one client: begun by its first statement, ended by whoever opened it. */
export class TransactionConnection implements DatabaseConnection {
  private open = true;
  private begun: Promise<unknown> | undefined;
  /** Why BEGIN failed, where it did. */
  beginFailure: unknown;

  constructor(
    private readonly client: pg.PoolClient,
    private readonly begin: string,
  ) {}

  /** From here on the executor refuses. */
  close(): void {
    this.open = false;
  }

  /** @throws Error when a failed statement has rolled the transaction back */
  async commit(): Promise<void> {
    if (this.begun === undefined) return;
    await this.begun;
    const committed = await this.client.query('commit');
    // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, not with an error.
    if (committed.command !== 'COMMIT') throw new Error('the transaction was rolled back by a failed statement');
  }

  /** @returns why the client can no longer be used, where it cannot */
  async rollback(): Promise<Error | undefined> {
    if (this.begun === undefined) return undefined;
    try {
      await this.client.query('rollback');
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error('rollback failed', { cause: error });
    }
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.open) throw new Error('query after the end of its transaction');
    const result = await this.send<R & pg.QueryResultRow>(toConfig(query));
    return {
      rows: result.rows,
      ...(result.command === 'SELECT' || result.rowCount === null ? {} : { numAffectedRows: BigInt(result.rowCount) }),
    };
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming queries are not used: page by key instead');
  }

  /** BEGIN and the first statement leave in one write: each costs as much as a small query. */
  private send<R extends pg.QueryResultRow>(statement: pg.QueryConfig): Promise<pg.QueryResult<R>> {
    if (this.begun !== undefined) return this.client.query<R>(statement);
    const wire = wireOf(this.client);
    wire?.cork();
    try {
      this.begun = this.client.query(this.begin);
      this.begun.catch((error: unknown) => {
        this.beginFailure = error;
      });
      return this.client.query<R>(statement);
    } finally {
      wire?.uncork();
    }
  }
}

class OneConnectionDriver implements Driver {
  constructor(private readonly connection: DatabaseConnection) {}

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.connection;
  }
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {}
  beginTransaction(): Promise<void> {
    return refuseNesting();
  }
  commitTransaction(): Promise<void> {
    return refuseNesting();
  }
  rollbackTransaction(): Promise<void> {
    return refuseNesting();
  }
}

function refuseNesting(): Promise<void> {
  return Promise.reject(new Error('a transaction is already open: use the executor that as() gave'));
}

function toConfig(query: CompiledQuery): pg.QueryConfig {
  const values = [...query.parameters];
  if (values.length === 0) return { text: query.sql };
  const name = nameOf(query.sql);
  return name === undefined ? { text: query.sql, values } : { name, text: query.sql, values };
}

function nameOf(text: string): string | undefined {
  const known = prepared.get(text);
  if (known !== undefined) return known;
  if (prepared.size >= MOST_PREPARED) return undefined;
  const name = `p${prepared.size}`;
  prepared.set(text, name);
  return name;
}
