import { sql } from 'kysely';
import pg from 'pg';
import { platformErrors } from '../errors/index.js';
import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { violatedConstraint } from './database.errors.js';
import { part, Statement } from './statement.js';

const actor = { orgId: "org'); drop table organisations; --" };
let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

describe('Database.as', () => {
  it('tells the transaction whose organisation it is for, and only that transaction', async () => {
    const inside = await test.database.as(actor, (db) =>
      sql<{ org: string }>`select current_setting('parley.org') as org`.execute(db),
    );
    expect(inside.rows).toEqual([{ org: actor.orgId }]);
    const { rows } = await test.pool.query("select current_setting('parley.org', true) as org");
    expect(rows[0].org ?? '').toBe('');
  });

  it('rolls back when work throws, and gives the connection back', async () => {
    const insert = test.database.as(actor, async (db) => {
      await db.insertInto('principals').values({ id: 'usr_rolled', kind: 'user', created_at: new Date() }).execute();
      throw new Error('changed my mind');
    });
    await expect(insert).rejects.toThrow('changed my mind');
    const left = await test.database.as(actor, (db) =>
      db.selectFrom('principals').selectAll().where('id', '=', 'usr_rolled').execute(),
    );
    expect(left).toEqual([]);
    expect(test.database.poolState()).toMatchObject({ waiting: 0 });
  });

  it('never reports success where a swallowed failure rolled everything back', async () => {
    const work = test.database.as(actor, async (db) => {
      await sql`select 1 / 0`.execute(db).catch(() => undefined);
    });
    await expect(work).rejects.toThrow('rolled back');
  });

  it('names the constraint that was violated', async () => {
    const twice = test.database.as(actor, async (db) => {
      const row = { id: 'usr_twice', kind: 'user' as const, created_at: new Date() };
      await db.insertInto('principals').values([row, row]).execute();
    });
    const error = await twice.catch((thrown: unknown) => thrown);
    expect(violatedConstraint(error)).toBe('principals_pkey');
  });

  it('refuses a query after the end of its transaction', async () => {
    const kept = await test.database.as(actor, async (db) => ({ later: () => sql`select 1`.execute(db) }));
    await expect(kept.later()).rejects.toThrow('after the end of its transaction');
  });

  it('streams nothing: a stream would keep its connection for as long as somebody reads', async () => {
    const streamed = test.database.as(actor, async (db) => {
      for await (const row of db.selectFrom('principals').selectAll().stream()) throw new Error(row.id);
    });
    await expect(streamed).rejects.toThrow('page by key instead');
    expect(test.database.poolState()).toMatchObject({ waiting: 0 });
  });

  it('reads int8 as a number and timestamps as dates', async () => {
    const { rows } = await test.database.as(actor, (db) =>
      sql<{
        n: unknown;
        at: unknown;
      }>`select 9007199254740991::int8 as n, timestamptz '2026-01-02T03:04:05Z' as at`.execute(db),
    );
    expect(rows).toEqual([{ n: 9_007_199_254_740_991, at: new Date('2026-01-02T03:04:05Z') }]);
  });

  it('answers DATABASE_UNAVAILABLE when the connection breaks in the middle, and works again at once', async () => {
    const broken = test.database.as(actor, async (db) => {
      await sql`select 1`.execute(db);
      await sql`select pg_terminate_backend(pg_backend_pid())`.execute(db);
    });
    const error = await broken.catch((thrown: unknown) => thrown);
    expect(platformErrors.DATABASE_UNAVAILABLE.is(error)).toBe(true);
    await expect(test.database.as(actor, (db) => sql`select 1`.execute(db))).resolves.toBeDefined();
  });

  it('does not trouble the caller with pooled connections that died meanwhile', async () => {
    await Promise.all([1, 2, 3].map(() => test.database.as(actor, (db) => sql`select pg_sleep(0.05)`.execute(db))));
    await test.cutConnections();
    const results = await Promise.all(
      [1, 2, 3].map((n) => test.database.as(actor, (db) => sql<{ n: number }>`select ${n}::int as n`.execute(db))),
    );
    expect(results.map(({ rows }) => rows[0]?.n)).toEqual([1, 2, 3]);
  });

  it('survives a plan that a migration made stale', async () => {
    const owner = new pg.Client({ connectionString: test.ownerUrl });
    await owner.connect();
    await owner.query('create table changing (n int); grant select on changing to parley_app');
    const read = () => test.database.as(actor, (db) => sql`select * from changing where 1 = ${1}`.execute(db));
    await read();
    await owner.query('alter table changing add column m int');
    await owner.end();
    await read().catch(() => undefined);
    await expect(read()).resolves.toBeDefined();
  });
});

describe('Database.flight', () => {
  interface Principal {
    readonly id: string;
    readonly at: Date;
  }
  const id = (facts: Principal): string => facts.id;
  const INSERT = new Statement<Principal, { readonly id: string }>(part<Principal>`
    insert into principals (id, kind, created_at) values (${id}, 'user', ${({ at }) => at}) returning id`);
  const COUNT = new Statement<Principal, { readonly n: number; readonly org: string; readonly at: Date | null }>(
    part<Principal>`
    select count(*) as n, current_setting('parley.org') as org, max(created_at) as at from principals where id = ${id}`,
  );
  const facts = (name: string): Principal => ({ id: `usr_${name}`, at: new Date('2026-01-02T03:04:05.678Z') });

  it('is one transaction of its organisation, in which the later see what the earlier did', async () => {
    const [insert, count] = [INSERT.of(facts('flies')), COUNT.of(facts('flies'))];
    await test.database.flight(actor, insert, count);
    expect(insert.rows).toEqual([{ id: 'usr_flies' }]);
    expect(count.rows).toEqual([{ n: 1, org: actor.orgId, at: facts('flies').at }]);
    const { rows } = await test.pool.query("select current_setting('parley.org', true) as org");
    expect(rows[0].org ?? '').toBe('');
  });

  it('does all of it or nothing, and whoever comes next finds the connections as before', async () => {
    const twice = test.database.flight(actor, INSERT.of(facts('falls')), INSERT.of(facts('falls')));
    expect(violatedConstraint(await twice.catch((error: unknown) => error))).toBe('principals_pkey');
    for (let n = 0; n < 20; n += 1) {
      const count = COUNT.of(facts('falls'));
      await test.database.flight(actor, count);
      expect(count.rows).toMatchObject([{ n: 0, at: null }]);
    }
  });

  it('says what is wrong with a statement, again and again, and harms no other', async () => {
    const WRONG = new Statement<object, object>(part`select nothing from nowhere`);
    for (let n = 0; n < 20; n += 1) {
      const flight = test.database.flight(actor, COUNT.of(facts('none')), WRONG.of({}));
      await expect(flight).rejects.toMatchObject({ code: '42P01' });
    }
    const count = COUNT.of(facts('none'));
    await test.database.flight(actor, count);
    expect(count.rows).toMatchObject([{ n: 0 }]);
  });

  it('refuses a value that cannot be written before anything is sent', async () => {
    const circle: unknown[] = [];
    circle.push({ circle });
    const WRITE = new Statement<object, object>(part`select ${() => circle[0]}::jsonb as written`);
    await expect(test.database.flight(actor, WRITE.of({}))).rejects.toThrow(/circular/i);
    const count = COUNT.of(facts('none'));
    await test.database.flight(actor, count);
    expect(count.rows).toHaveLength(1);
  });

  it('does not trouble the caller with pooled connections that died meanwhile', async () => {
    await test.database.flight(actor, COUNT.of(facts('none')));
    await test.cutConnections();
    const count = COUNT.of(facts('none'));
    await test.database.flight(actor, count);
    expect(count.rows).toHaveLength(1);
  });

  it('survives a plan that a migration made stale', async () => {
    const owner = new pg.Client({ connectionString: test.ownerUrl });
    await owner.connect();
    await owner.query('create table flown (a text); grant select on flown to parley_app');
    const ALL = new Statement<object, object>(part`select * from flown`);
    await test.database.flight(actor, ALL.of({}));
    await owner.query("alter table flown add column b text default 'new'; insert into flown values ('old')");
    await owner.end();
    for (let n = 0; n < 20; n += 1) {
      const all = ALL.of({});
      await test.database.flight(actor, all).catch(() => undefined);
    }
    const all = ALL.of({});
    await test.database.flight(actor, all);
    expect(all.rows).toEqual([{ a: 'old', b: 'new' }]);
  });
});
