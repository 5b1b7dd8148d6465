import pg from 'pg';

// What node-postgres calls on a query while it is under way; its types leave it out.
declare module 'pg' {
  interface Query {
    prepare(connection: pg.Connection): void;
    handleDataRow(message: unknown): void;
    handleCommandComplete(message: unknown, connection: pg.Connection): void;
  }
}

/** A statement that the server parses once per connection. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Tells the transaction whose rows it may see; prepared on every connection of the pool when it opens. */
const ACTING = { name: 'acting', text: "select set_config('parley.org', $1, true)" };

/** Prepares what every flight begins with. It is on the wire before anything else of this client. */
export async function prepareFlights(client: pg.ClientBase): Promise<void> {
  await client.query({ ...ACTING, values: [''] });
}

/**
 * One statement in a transaction of its own, in one write and one answer: the actor's organisation, then the
 * statement, then Sync, which commits both. Between two Syncs PostgreSQL holds everything in one implicit
 * transaction, so BEGIN and COMMIT and their answers are saved. The promise resolves after the commit.
 */
export function fly<R extends pg.QueryResultRow>(
  client: pg.ClientBase,
  orgId: string,
  statement: NamedStatement,
): Promise<pg.QueryResult<R>> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null | undefined, result: pg.QueryResult<R>): void => {
      if (error === null || error === undefined) resolve(result);
      else reject(error);
    };
    client.query(new Flight<R>(orgId, statement, settle));
  });
}

class Flight<R extends pg.QueryResultRow> extends pg.Query<R> {
  private acting = false;

  constructor(
    private readonly orgId: string,
    { name, text, values }: NamedStatement,
    settle: (error: Error | null | undefined, result: pg.QueryResult<R>) => void,
  ) {
    super({ name, text, values: [...values] }, settle);
  }

  override prepare(connection: pg.Connection): void {
    connection.bind({ portal: '', statement: ACTING.name, values: [this.orgId] }, false);
    connection.execute({ portal: '' }, false);
    super.prepare(connection);
  }

  /** The first row is the answer to `ACTING`, and says nothing. */
  override handleDataRow(message: unknown): void {
    if (this.acting) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: pg.Connection): void {
    if (this.acting) super.handleCommandComplete(message, connection);
    else this.acting = true;
  }
}
