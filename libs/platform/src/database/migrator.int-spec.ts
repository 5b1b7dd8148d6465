import { type Migration, sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { DatabaseStartError } from './database-start.error.js';
import { type CompanionSchema, SchemaMigrator } from './migrator.js';
import { readSchema } from './schema-state.js';

const one: Migration = {
  up: async (db) => {
    await sql`create table first (id bigint generated always as identity primary key, n int)`.execute(db);
  },
  down: async (db) => {
    await sql`drop table first`.execute(db);
  },
};
const two: Migration = {
  up: async (db) => {
    await sql`create table second (n int)`.execute(db);
  },
  down: async (db) => {
    await sql`drop table second`.execute(db);
  },
};
const failing: Migration = {
  up: async (db) => {
    await sql`create table third (n int)`.execute(db);
    await sql`select 1 / 0`.execute(db);
  },
};

let test: TestDatabase;
beforeEach(async () => {
  test = await openTestDatabase({ migrated: false });
});
afterEach(() => test.close());

const owner = () => ({ connectionString: test.ownerUrl });
const up = (migrations: Record<string, Migration>, companions: CompanionSchema[] = []) =>
  new SchemaMigrator({ migrations, companions }).up(owner(), 'parley_app');
const report = (migrations: Record<string, Migration>) => readSchema(test.pool, new SchemaMigrator({ migrations }));

async function tables(): Promise<string[]> {
  const { rows } = await test.pool.query(
    "select tablename as name from pg_tables where schemaname = 'public' order by 1",
  );
  return rows.map(({ name }) => name).filter((name) => !name.startsWith('migration'));
}

describe('SchemaMigrator', () => {
  it('applies what is pending in order, once for processes that start together', async () => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => up({ '0002': two, '0001': one })));
    expect(applied.flat()).toEqual(['0001', '0002']);
    expect(await tables()).toEqual(['first', 'second']);
    expect(await report({ '0001': one, '0002': two })).toMatchObject({
      pending: [],
      drift: [],
      stale: [],
      forbidden: [],
    });
  });

  it('goes back to a migration, to nothing, and up again', async () => {
    const migrator = new SchemaMigrator({ migrations: { '0001': one, '0002': two } });
    await migrator.up(owner(), 'parley_app');
    expect(await migrator.down(owner(), '0001')).toEqual(['0002']);
    expect(await tables()).toEqual(['first']);
    expect(await migrator.down(owner(), null)).toEqual(['0001']);
    expect(await tables()).toEqual([]);
    expect(await migrator.up(owner(), 'parley_app')).toEqual(['0001', '0002']);
    await expect(migrator.down(owner(), '0003')).rejects.toThrow('no applied migration 0003');
  });

  it('names the role that is missing, before it changes anything', async () => {
    const migrator = new SchemaMigrator({ migrations: { '0001': one } });
    await expect(migrator.up(owner(), 'nobody_here')).rejects.toThrow('no role nobody_here');
    expect(await tables()).toEqual([]);
  });

  it('does all or nothing', async () => {
    await expect(up({ '0001': one, '0002': failing })).rejects.toThrow(/migration 0002 failed .*division by zero/);
    expect(await tables()).toEqual([]);
    // Granted nothing yet, the application cannot even read the list: that is no reason to serve.
    expect((await report({ '0001': one })).forbidden).toContain('migrations');
    expect(await up({ '0001': one })).toEqual(['0001']);
  });

  it('lets the application use every table and sequence, and change neither structure nor the list of migrations', async () => {
    await up({ '0001': one });
    await test.pool.query('insert into first (n) values (1)');
    await expect(test.pool.query('alter table first add column m int')).rejects.toThrow('must be owner');
    await expect(test.pool.query('create table mine (n int)')).rejects.toThrow('permission denied');
    await expect(test.pool.query('delete from migrations')).rejects.toThrow('permission denied');
    await expect(test.pool.query("update migration_checksums set checksum = ''")).rejects.toThrow('permission denied');
  });

  it('says what the application may not read, until it is granted', async () => {
    await up({ '0001': one });
    const migrator = new SchemaMigrator({ migrations: { '0001': one, '0002': two } });
    expect(await migrator.up(owner(), null)).toEqual(['0002']);
    const before = await readSchema(test.pool, migrator);
    expect(before.forbidden).toEqual(['second']);
    await migrator.up(owner(), 'parley_app');
    expect((await readSchema(test.pool, migrator)).forbidden).toEqual([]);
  });

  it('makes and takes back the schemas of packages', async () => {
    const companion: CompanionSchema = {
      schema: 'jobs_of_somebody',
      up: async (client) => {
        await client.query(
          'create schema if not exists jobs_of_somebody; create table if not exists jobs_of_somebody.job (n int)',
        );
      },
      down: async (client) => {
        await client.query('drop schema jobs_of_somebody cascade');
      },
      isCurrent: async (client) => {
        const { rows } = await client.query("select to_regclass('jobs_of_somebody.job') is not null as there");
        return rows[0]?.there === true;
      },
    };
    const migrator = new SchemaMigrator({ migrations: { '0001': one }, companions: [companion] });
    expect(await migrator.staleCompanions(test.pool)).toEqual(['jobs_of_somebody']);
    await migrator.up(owner(), 'parley_app');
    await test.pool.query('insert into jobs_of_somebody.job values (1)');
    expect(await migrator.staleCompanions(test.pool)).toEqual([]);
    await migrator.down(owner(), null);
    expect(await migrator.staleCompanions(test.pool)).toEqual(['jobs_of_somebody']);
  });
});

describe('drift', () => {
  it.each([
    ['an edited migration', { '0001': one, '0002': one }, 'migration 0002 differs from the one that was applied'],
    ['a migration of another version', { '0001': one }, 'migration 0002 was applied by another version'],
    ['a gap', { '0001': one, '00015': two, '0002': two }, 'migration 00015 is missing in the database'],
  ])('%s is refused, up and down, and nothing is changed', async (_, migrations, reason) => {
    await up({ '0001': one, '0002': two });
    expect((await report(migrations)).drift.join()).toContain(reason);
    const migrator = new SchemaMigrator({ migrations });
    await expect(migrator.up(owner(), 'parley_app')).rejects.toThrow(reason);
    await expect(migrator.down(owner(), null)).rejects.toThrow(DatabaseStartError);
    expect(await tables()).toEqual(['first', 'second']);
  });
});
