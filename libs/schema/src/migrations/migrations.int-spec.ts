import { SchemaMigrator } from '@parley/platform/database';
import {
  describeOnPostgresServer,
  openTestDatabase,
  openTestPostgres,
  type TestDatabase,
  type TestPostgres,
} from '@parley/platform/testing';
import { DEFAULT_ORG_ID, migrations, schemaSource } from '../index.js';
import { FILL } from './fill.factory.js';

/** Columns, constraints and indexes, in words that can be compared. */
const SHAPE = `
  select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || coalesce(' ' || column_default, '') as line
  from information_schema.columns where table_schema = 'public'
  union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'public'::regnamespace
  union all select indexdef from pg_indexes where schemaname = 'public'
  order by 1`;

describe('the migrations on the embedded PostgreSQL', () => suite(() => openTestDatabase()));

describeOnPostgresServer("the migrations on this machine's PostgreSQL", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await openTestPostgres();
  });
  afterAll(() => server.close());
  suite(() => openTestDatabase({ server }));
});

function suite(open: () => Promise<TestDatabase>): void {
  let test: TestDatabase;
  const migrator = new SchemaMigrator(schemaSource);
  const owner = () => ({ connectionString: test.ownerUrl });
  const shape = async () => (await test.pool.query(SHAPE)).rows.map(({ line }) => line);

  beforeEach(async () => {
    test = await open();
  });
  afterEach(() => test.close());

  it.each([
    ['an empty', ''],
    ['a filled', Object.values(FILL).join('')],
  ])('go down one by one to nothing and up to the same schema on %s database', async (_, fill) => {
    const before = await shape();
    if (fill !== '') await test.pool.query(fill);
    const names = Object.keys(migrations).sort();
    for (const name of [...names].reverse().slice(1)) await migrator.down(owner(), name);
    await migrator.down(owner(), null);
    const left = await test.pool.query(
      "select tablename from pg_tables where schemaname = 'public' and tablename not like 'migration%'",
    );
    expect(left.rows).toEqual([]);
    expect(await migrator.up(owner(), 'parley_app')).toEqual(names);
    expect(await shape()).toEqual(before);
    const homes = await test.pool.query('select id from organisations where is_home');
    expect(homes.rows).toEqual([{ id: DEFAULT_ORG_ID }]);
  });

  it('give every owned row its organisation and owner, held by composite keys up to the membership', async () => {
    const { rows } = await test.pool.query(`
      with recursive held as (
        select conrelid from pg_constraint
        where contype = 'f' and pg_get_constraintdef(oid) like 'FOREIGN KEY (org_id, owner_id) REFERENCES memberships%'
        union
        select k.conrelid from pg_constraint k join held on k.confrelid = held.conrelid
        where k.contype = 'f' and pg_get_constraintdef(k.oid) like 'FOREIGN KEY (org_id, %')
      select table_name as name from information_schema.columns c
      where table_schema = 'public' and column_name = 'owner_id'
        and not exists (select from held where conrelid = format('public.%I', c.table_name)::regclass)`);
    expect(rows).toEqual([]);
  });

  it('compare ids byte by byte', async () => {
    const { rows } = await test.pool.query(`
      select table_name || '.' || column_name as column from information_schema.columns
      where table_schema = 'public' and data_type = 'text' and (column_name = 'id' or column_name like '%\\_id')
        and column_name not in ('client_message_id', 'author_id', 'correlation_id') and collation_name is distinct from 'C'`);
    expect(rows).toEqual([]);
  });
}
