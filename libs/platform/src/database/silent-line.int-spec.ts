import { sql } from 'kysely';
import { platformErrors } from '../errors/index.js';
import { openTestDatabase, SilentNetwork, type TestDatabase } from '../testing/index.js';
import { Database } from './database.js';
import { createPool } from './pool.js';
import { part, Statement } from './statement.js';

const actor = { orgId: 'org_1' };
const ONE = new Statement<object, { readonly one: number }>(part<object>`select 1 as one`);
const STATEMENT_MS = 300;

describe('a line to the database that falls silent and does not break', () => {
  const network = new SilentNetwork();
  let test: TestDatabase;
  let pool: ReturnType<typeof createPool>;
  let database: Database;
  beforeAll(async () => {
    test = await openTestDatabase();
    const url = new URL(test.appUrl);
    const port = await network.open(`${decodeURIComponent(url.hostname)}/.s.PGSQL.5432`);
    pool = createPool(
      { connectionString: `postgresql://${url.username}:${url.password}@127.0.0.1:${port}${url.pathname}` },
      {
        max: 3,
        applicationName: 'parley test',
        connectTimeoutMs: 1000,
        statementTimeoutMs: STATEMENT_MS,
        onError: () => undefined,
      },
    );
    database = new Database(pool);
  });
  afterAll(async () => {
    network.close();
    await pool.end();
    await test.close();
  });

  const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a transaction', () => database.as(actor, (db) => sql`select 1`.execute(db))],
    ['a flight', () => database.flight(actor, ONE.of({}))],
    ['a look', () => database.look(actor, ONE.of({}))],
  ];

  it.each(ways)('is given up by %s, and the next one is on another', async (_what, ask) => {
    await ask();
    network.fallSilent();
    const from = performance.now();
    // A flight is flown once more, on another line; a transaction whose beginning nobody answered, too.
    await ask();
    expect(performance.now() - from).toBeGreaterThan(STATEMENT_MS);
    expect(performance.now() - from).toBeLessThan(10 * STATEMENT_MS);
    expect(database.poolState()).toMatchObject({ waiting: 0 });
  });

  it('fails a transaction that had begun, as the database being away', async () => {
    const asked = database.as(actor, async (db) => {
      await sql`select 1`.execute(db);
      network.fallSilent();
      await sql`select 2`.execute(db);
    });
    const outcome = await asked.catch((error: unknown) => error);
    expect(platformErrors.DATABASE_UNAVAILABLE.is(outcome)).toBe(true);
    expect(pool.totalCount).toBe(0);
  });
});
