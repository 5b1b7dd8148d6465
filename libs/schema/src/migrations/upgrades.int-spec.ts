import { SchemaMigrator } from '@parley/platform/database';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { migrations, schemaSource } from '../index.js';
import { FILL } from './fill.factory.js';

const NAMES = Object.keys(migrations).sort();
const newest = new SchemaMigrator(schemaSource);
/** The program as it was when `count` migrations were all there are. */
const asOf = (count: number) =>
  new SchemaMigrator({
    ...schemaSource,
    migrations: Object.fromEntries(Object.entries(migrations).filter(([name]) => NAMES.indexOf(name) < count)),
  });

describe.each(NAMES.map((name, index) => [name, index + 1] as const))('a database that stands at %s', (_, count) => {
  let test: TestDatabase;
  const owner = () => ({ connectionString: test.ownerUrl });
  const conditions = async () =>
    Object.fromEntries((await newest.status(test.pool)).map(({ name, condition }) => [name, condition]));

  beforeEach(async () => {
    test = await openTestDatabase({ migrated: false });
    await asOf(count).up(owner(), 'parley_app');
    for (const name of NAMES.slice(0, count)) await test.pool.query(FILL[name] ?? '');
  });
  afterEach(() => test.close());

  /** Every row of every table, in the columns that were there then. */
  async function contents(tables: ReadonlyMap<string, string>): Promise<Record<string, unknown[]>> {
    const found: Record<string, unknown[]> = {};
    for (const [table, columns] of tables) {
      const { rows } = await test.pool.query(`select ${columns} from ${table} order by 1, 2`);
      found[table] = rows;
    }
    return found;
  }

  async function columnsOfTables(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await test.pool.query(`
      select table_name as name, string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns
      from information_schema.columns where table_schema = 'public' and table_name not like 'migration%'
      group by table_name`);
    return new Map(rows.map(({ name, columns }) => [name, columns]));
  }

  it('is brought to the newest schema with everything that it holds, for the application to read', async () => {
    const tables = await columnsOfTables();
    const before = await contents(tables);
    const empty = Object.entries(before).filter(([, rows]) => rows.length === 0);
    expect(empty.map(([table]) => table)).toEqual([]);
    expect(await conditions()).toEqual(
      Object.fromEntries(NAMES.map((name, index) => [name, index < count ? 'applied' : 'pending'])),
    );
    expect(await newest.up(owner(), 'parley_app')).toEqual(NAMES.slice(count));
    expect(await contents(tables)).toEqual(before);
    expect(Object.values(await conditions())).toEqual(NAMES.map(() => 'applied'));
    expect(await newest.staleCompanions(test.pool)).toEqual([]);
  });

  it('goes back to where it stood, and forward again', async () => {
    const tables = await columnsOfTables();
    const before = await contents(tables);
    await newest.up(owner(), 'parley_app');
    const later = NAMES.slice(count);
    expect(await newest.down(owner(), NAMES[count - 1] ?? null)).toEqual([...later].reverse());
    expect(await columnsOfTables()).toEqual(tables);
    expect(await contents(tables)).toEqual(before);
    expect(await newest.up(owner(), 'parley_app')).toEqual(later);
    expect(await contents(tables)).toEqual(before);
  });
});
