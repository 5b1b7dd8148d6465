import { type Kysely, sql } from 'kysely';
import { migrationChecksum } from './migration-checksum.js';

const saying = (...texts: string[]) => ({
  up: async (db: Kysely<unknown>) => {
    for (const text of texts) await sql.raw(text).execute(db);
  },
});

describe('migrationChecksum', () => {
  it('is the same however the statements are laid out', async () => {
    const plain = await migrationChecksum(saying('create table a (n int)', 'create index on a (n)'));
    expect(await migrationChecksum(saying('create table a\n   (n int)  ', 'create index on a (n)'))).toBe(plain);
  });

  it.each([
    ['another statement', saying('create table a (n text)')],
    ['one statement more', saying('create table a (n int)', 'drop table a')],
    ['another order', saying('select 2', 'select 1')],
  ])('changes with %s', async (_, migration) => {
    const known = [saying('create table a (n int)'), saying('select 1', 'select 2')];
    for (const each of known) expect(await migrationChecksum(each)).not.toBe(await migrationChecksum(migration));
  });

  it('does not depend on values', async () => {
    const at = (value: number) => ({
      up: async (db: Kysely<unknown>) => {
        await sql`insert into a values (${value})`.execute(db);
      },
    });
    expect(await migrationChecksum(at(1))).toBe(await migrationChecksum(at(2)));
  });
});
