import { DEFAULT_ORG_ID } from '@parley/schema';
import { NO_ORGANISATION } from '../database/index.js';
import { isId } from '../ids/index.js';
import { openTestDatabase, type TestDatabase } from './index.js';

describe('openTestDatabase', () => {
  let first: TestDatabase;
  let second: TestDatabase;

  beforeAll(async () => {
    [first, second] = await Promise.all([openTestDatabase(), openTestDatabase()]);
  });
  afterAll(() => Promise.all([first.close(), second.close()]));

  it('gives databases that do not see one another', async () => {
    const names = await Promise.all([first, second].map(({ pool }) => pool.query('select current_database() as name')));
    expect(names[0]?.rows[0].name).not.toBe(names[1]?.rows[0].name);
  });

  it('connects as a role that owns nothing and may use every table', async () => {
    const { rows } = await first.pool.query(`
      select current_user as role, count(*) filter (where tableowner = current_user)::int as owned,
        count(*) filter (where not has_table_privilege(format('%I', tablename), 'select'))::int as forbidden
      from pg_tables where schemaname = 'public' group by 1`);
    expect(rows).toEqual([{ role: 'parley_app', owned: 0, forbidden: 0 }]);
  });

  it('holds the home organisation and nothing else', async () => {
    const rows = await first.database.as(NO_ORGANISATION, (db) =>
      db.selectFrom('organisations').select(['id', 'is_home']).execute(),
    );
    expect(rows).toEqual([{ id: DEFAULT_ORG_ID, is_home: true }]);
    expect(isId('organisation', DEFAULT_ORG_ID)).toBe(true);
    const users = await first.pool.query('select count(*) as n from users');
    expect(users.rows).toEqual([{ n: 0 }]);
  });

  it('drops the database on close, whoever is connected', async () => {
    const third = await openTestDatabase();
    const connected = await third.pool.connect();
    connected.on('error', () => undefined);
    const { rows } = await connected.query('select current_database() as name');
    connected.release();
    await third.close();
    const left = await first.pool.query('select from pg_database where datname = $1', [rows[0].name]);
    expect(left.rowCount).toBe(0);
  });
});
