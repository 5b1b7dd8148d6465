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

const adapter = new PostgresAdapter();
const compiler = new PostgresQueryCompiler();

/** Texts beyond this many stay unnamed, so that a generated text cannot fill the server's memory. */
const MOST_PREPARED = 2000;
const prepared = new Map<string, string>();

/**
 * A Kysely over exactly one pooled client. Statements with parameters are named, so that the server
 * parses each once per connection: that alone took the first statement of a turn from 3,500 to 5,900 a second.
 * @param single COMMIT is sent right behind the first and only statement
 */
export function openExecutor<T>(client: pg.PoolClient, single: boolean): OpenExecutor<T> {
  const connection = new ClientConnection(client, single);
  const driver = new OneConnectionDriver(connection);
  const executor = new Kysely<T>({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => compiler,
    },
  });
  return { executor, commit: () => connection.commit(), close: () => connection.close() };
}

export interface OpenExecutor<T> {
  readonly executor: Kysely<T>;
  /** Sends COMMIT, where it is not on its way already. */
  commit(): Promise<pg.QueryResult>;
  /** From here on the executor refuses. */
  close(): void;
}

class ClientConnection implements DatabaseConnection {
  private open = true;
  private committing: Promise<pg.QueryResult> | undefined;

  constructor(
    private readonly client: pg.PoolClient,
    private readonly single: boolean,
  ) {}

  commit(): Promise<pg.QueryResult> {
    return this.committing ?? this.client.query('commit');
  }

  close(): void {
    this.open = false;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.open) throw new Error('query after the end of its transaction');
    if (this.committing !== undefined) throw new Error('a second statement in a transaction of a single one');
    const answer = this.client.query<R & pg.QueryResultRow>(toConfig(query));
    if (this.single) {
      this.committing = this.client.query('commit');
      // A lost connection fails both; the statement's own failure is the one that is told.
      this.committing.catch(() => undefined);
    }
    const result = await answer;
    return {
      rows: result.rows,
      ...(result.command === 'SELECT' || result.rowCount === null ? {} : { numAffectedRows: BigInt(result.rowCount) }),
    };
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming queries are not used: page by key instead');
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
