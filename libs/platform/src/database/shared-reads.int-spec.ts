import { platformErrors } from '../errors/index.js';
import { freePort, openTestDatabase, type TestDatabase } from '../testing/index.js';
import { Database } from './database.js';
import { createPool } from './pool.js';
import { part, Statement } from './statement.js';

const actor = { orgId: 'org_1' };
let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => test.close());

interface Seen {
  readonly pid: number;
  readonly org: string;
  readonly n: number;
  /** To the microsecond. */
  readonly at: string;
}

const SEEN = new Statement<{ readonly n: number }, Seen>(part<{ readonly n: number }>`
  select pg_backend_pid() as pid, current_setting('parley.org') as org, 10 / ${({ n }) => n}::int as n,
    transaction_timestamp()::text as at`);

async function look(n: number, acting = actor): Promise<Seen | undefined> {
  const seen = SEEN.of({ n });
  await test.database.look(acting, seen);
  return seen.rows[0];
}

function manyOf(count: number): Promise<(Seen | undefined)[]> {
  return Promise.all(Array.from({ length: count }, () => look(1)));
}

const different = (values: readonly unknown[]): number => new Set(values).size;

describe('Database.look', () => {
  it('shares a connection among what is read at the same moment', async () => {
    const seen = await manyOf(16);
    expect(different(seen.map((each) => each?.pid))).toBe(1);
    expect(different(seen.map((each) => each?.at))).toBeGreaterThan(1);
  });

  it('lets no more than sixteen wait for each other', async () => {
    const connecting = jest.spyOn(test.pool, 'connect');
    await manyOf(33);
    expect(connecting).toHaveBeenCalledTimes(3);
    expect(test.database.poolState()).toMatchObject({ waiting: 0 });
  });

  it('keeps each to its own organisation', async () => {
    const seen = await Promise.all(['org_a', "org'b", ''].map((orgId) => look(1, { orgId })));
    expect(seen.map((each) => each?.org)).toEqual(['org_a', "org'b", '']);
  });

  it('lets one fail alone, also before anything is sent', async () => {
    const circle: unknown[] = [];
    circle.push({ circle });
    const UNSENT = new Statement<object, object>(part`select ${() => circle[0]}::jsonb as written`);
    const outcomes = await Promise.allSettled([
      look(5),
      look(0),
      test.database.look(actor, UNSENT.of({})),
      look(2),
      look(0),
      look(1),
    ]);
    expect(outcomes.map((each) => (each.status === 'fulfilled' ? each.value?.n : each.reason.message))).toEqual([
      2,
      'division by zero',
      expect.stringMatching(/circular/i),
      5,
      'division by zero',
      10,
    ]);
  });

  it('does not trouble its callers with a connection that died meanwhile', async () => {
    await manyOf(3);
    await test.cutConnections();
    const seen = await manyOf(20);
    expect(seen.map((each) => each?.n)).toEqual(Array.from({ length: 20 }, () => 10));
  });

  it('tells all who wait at once that there is no database', async () => {
    const target = { connectionString: `postgresql://nobody@127.0.0.1:${await freePort()}/nothing` };
    const pool = createPool(target, {
      max: 1,
      applicationName: 'parley test',
      connectTimeoutMs: 1000,
      statementTimeoutMs: 1000,
      onError: () => undefined,
    });
    const connecting = jest.spyOn(pool, 'connect');
    const away = new Database(pool);
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => away.look(actor, SEEN.of({ n: 1 }))));
    for (const each of outcomes)
      expect(each.status === 'rejected' && platformErrors.DATABASE_UNAVAILABLE.is(each.reason)).toBe(true);
    // Whoever is refused is not kept waiting for the same answer again, as in every other way to a query.
    expect(connecting).toHaveBeenCalledTimes(1);
    await pool.end();
  });
});
