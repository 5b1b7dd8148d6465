import { SchemaMigrator } from '@parley/platform/database';
import {
  describeOnPostgresServer,
  openTestDatabase,
  openTestPostgres,
  type TestDatabase,
  type TestPostgres,
} from '@parley/platform/testing';
import { DEFAULT_ORG_ID, migrations, schemaSource } from '../index.js';

/** One row in each table that others hang on, as a small installation has it. */
const FILL = `
  insert into principals (id, kind, created_at) values ('usr_1', 'user', now());
  insert into users (principal_id, email, email_key, updated_at) values ('usr_1', 'a@example.org', 'a@example.org', now());
  insert into credentials (principal_id, password_hash, changed_at) values ('usr_1', 'x', now());
  insert into memberships (org_id, principal_id, joined_at) values ('${DEFAULT_ORG_ID}', 'usr_1', now());
  insert into role_grants (org_id, principal_id, role, granted_at) values ('${DEFAULT_ORG_ID}', 'usr_1', 'user', now());
  insert into logins (id, org_id, principal_id, created_at, auth_time, last_seen_at, expires_at, amr)
    values ('lgn_1', '${DEFAULT_ORG_ID}', 'usr_1', now(), now(), now(), now(), '{pwd}');
  insert into sessions (org_id, id, owner_id, use_case, last_activity_at, created_at, updated_at)
    values ('${DEFAULT_ORG_ID}', 'ses_1', 'usr_1', 'basic_chat', now(), now(), now());
  insert into messages (org_id, session_id, seq, id, owner_id, turn_seq, role, author_type, author_id, content, status, created_at)
    values ('${DEFAULT_ORG_ID}', 'ses_1', 1, 'msg_1', 'usr_1', 1, 'user', 'user', 'usr_1', 'hello', 'complete', now());
  insert into session_events (org_id, session_id, seq, type, at) values ('${DEFAULT_ORG_ID}', 'ses_1', 1, 'message.created', now());
`;

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
    ['a filled', FILL],
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
