import pg from 'pg';
import utils from 'pg/lib/utils.js';
import { isConnectionLost, isStalePlan, TryAgain } from './database.errors.js';
import type { BoundStatement } from './statement.js';
import { type ColumnParser, parserOf } from './type-parsers.js';
import { wireOf } from './wire.js';

// What node-postgres calls on a query while it is under way; its types leave it out.
declare module 'pg' {
  interface Query {
    prepare(connection: pg.Connection): void;
    handleRowDescription(message: { readonly fields: readonly pg.FieldDef[] }): void;
    handleDataRow(message: { readonly fields: readonly (string | null)[] }): void;
    handleCommandComplete(message: unknown, connection: pg.Connection): void;
  }
}

type Column = readonly [name: string, parse: ColumnParser];

/** Tells the transaction whose rows it may see; prepared on every connection of the pool when it opens. */
const ACTING = { name: 'acting', text: "select set_config('parley.org', $1, true)" };

/** What each connection has prepared, and how the columns of its answers are read. */
const prepared = new WeakMap<pg.Connection, Map<string, readonly Column[]>>();

/** Prepares what every flight begins with. It is on the wire before anything else of this client. */
export async function prepareFlights(client: pg.ClientBase): Promise<void> {
  await client.query({ ...ACTING, values: [''] });
}

/** Statements for one organisation, and where their answers stand afterwards. Each must answer with columns. */
export interface FlightPlan {
  readonly orgId: string;
  readonly statements: readonly BoundStatement<unknown>[];
}

/**
 * Flights that follow each other on one connection in one write, each a transaction of its own with its own failure:
 * TryAgain where the connection was lost. It goes back to its pool, or is given up where none can fly on it any more.
 */
export async function flyAll(
  client: pg.PoolClient,
  plans: readonly FlightPlan[],
): Promise<readonly PromiseSettledResult<void>[]> {
  const wire = wireOf(client);
  wire?.cork();
  const flights = plans.map((plan) => fly(client, plan).catch(tellLost));
  wire?.uncork();
  const outcomes = await Promise.allSettled(flights);
  client.release(outcomes.some(isUnusableAfter));
  return outcomes;
}

function tellLost(error: unknown): never {
  throw isConnectionLost(error) ? new TryAgain(error) : error;
}

function isUnusableAfter(outcome: PromiseSettledResult<void>): boolean {
  return outcome.status === 'rejected' && (outcome.reason instanceof TryAgain || isStalePlan(outcome.reason));
}

/**
 * Statements in a transaction of their own, in one write and one answer: the actor's organisation, then the
 * statements, then Sync, which commits them all. Between two Syncs PostgreSQL holds everything in one implicit
 * transaction, so BEGIN and COMMIT and their answers are saved; yet each statement sees what was committed before
 * it began. Resolves after the commit.
 */
function fly(client: pg.ClientBase, { orgId, statements }: FlightPlan): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null | undefined): void => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    };
    client.query(new Flight(orgId, statements, settle));
  });
}

class Flight extends pg.Query {
  private columns: Map<string, readonly Column[]> = new Map();
  /** Which of the statements is being answered; before the first one, `ACTING`. */
  private at = -1;
  /** Made before anything is written: a value that cannot be, must not leave half a flight on the wire. */
  private readonly parameters: ReadonlyArray<Array<string | Buffer | null>>;

  constructor(
    private readonly orgId: string,
    private readonly statements: readonly BoundStatement<unknown>[],
    settle: (error: Error | null | undefined) => void,
  ) {
    super({ name: 'flight', text: 'flight', values: [] }, settle);
    this.parameters = statements.map(({ values }) => values.map(utils.prepareValue));
  }

  override prepare(connection: pg.Connection): void {
    this.columns = columnsOf(connection);
    // What an earlier try has brought of them, before its connection was lost.
    for (const { rows } of this.statements) rows.length = 0;
    connection.bind({ statement: ACTING.name, values: [this.orgId] }, true);
    connection.execute({}, true);
    for (const [i, { name, text }] of this.statements.entries()) {
      if (!this.columns.has(name)) {
        // Whether an earlier flight that failed came as far as to prepare it is not known.
        connection.close({ type: 'S', name }, true);
        connection.parse({ name, text, types: [] }, true);
        connection.describe({ type: 'S', name }, true);
      }
      connection.bind({ statement: name, values: this.parameters[i] }, true);
      connection.execute({}, true);
    }
    connection.sync();
  }

  override handleRowDescription({ fields }: { readonly fields: readonly pg.FieldDef[] }): void {
    const columns = fields.map(({ name, dataTypeID }): Column => [name, parserOf(dataTypeID)]);
    const statement = this.statements[this.at];
    if (statement !== undefined) this.columns.set(statement.name, columns);
  }

  override handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const statement = this.statements[this.at];
    if (statement === undefined) return;
    const columns = this.columns.get(statement.name) ?? [];
    statement.take(columns.map(([name, parse], i) => [name, read(parse, fields[i])]));
  }

  override handleCommandComplete(): void {
    this.at += 1;
  }
}

function columnsOf(connection: pg.Connection): Map<string, readonly Column[]> {
  const known = prepared.get(connection);
  if (known !== undefined) return known;
  const columns = new Map<string, readonly Column[]>();
  prepared.set(connection, columns);
  return columns;
}

function read(parse: ColumnParser, text: string | null | undefined): unknown {
  return text === null || text === undefined ? null : parse(text);
}
