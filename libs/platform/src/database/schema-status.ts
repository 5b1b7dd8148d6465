import type { Migration } from 'kysely';
import type pg from 'pg';
import { migrationChecksum } from './migration-checksum.js';

/**
 * - `applied`: in the database, and as this program knows it;
 * - `pending`: to be applied after all that is there;
 * - `skipped`: not in the database, though a later one is;
 * - `changed`: its statements are not those that were applied;
 * - `unknown`: in the database, but not in this program (a newer or another one made it).
 */
export type MigrationCondition = 'applied' | 'pending' | 'skipped' | 'changed' | 'unknown';

export interface MigrationState {
  readonly name: string;
  readonly condition: MigrationCondition;
  readonly appliedAt: Date | null;
}

interface AppliedRow {
  name: string;
  timestamp: string;
  checksum: string | null;
}

/** Every migration that the program or the database knows, in the order of their names. Reads only. */
export async function readSchemaStatus(
  client: pg.ClientBase | pg.Pool,
  migrations: Readonly<Record<string, Migration>>,
): Promise<MigrationState[]> {
  const applied = new Map((await readApplied(client)).map((row) => [row.name, row]));
  const last = [...applied.keys()].sort(bytewise).at(-1) ?? '';
  const names = [...new Set([...Object.keys(migrations), ...applied.keys()])].sort(bytewise);
  return Promise.all(names.map((name) => stateOf(name, migrations[name], applied.get(name), last)));
}

/** What keeps a program from serving on this schema; empty when nothing does. Pending ones are not drift. */
export function driftOf(states: readonly MigrationState[]): string[] {
  return states.flatMap(({ name, condition }) => {
    switch (condition) {
      case 'unknown':
        return [`migration ${name} was applied by another version of the program and is not known to this one`];
      case 'skipped':
        return [`migration ${name} is missing in the database although later ones are there`];
      case 'changed':
        return [`migration ${name} differs from the one that was applied`];
      case 'applied':
      case 'pending':
        return [];
      default:
        return condition satisfies never;
    }
  });
}

async function stateOf(
  name: string,
  migration: Migration | undefined,
  row: AppliedRow | undefined,
  last: string,
): Promise<MigrationState> {
  if (row === undefined) {
    return { name, condition: bytewise(name, last) < 0 ? 'skipped' : 'pending', appliedAt: null };
  }
  const appliedAt = new Date(row.timestamp);
  if (migration === undefined) return { name, condition: 'unknown', appliedAt };
  const same = row.checksum === (await migrationChecksum(migration));
  return { name, condition: same ? 'applied' : 'changed', appliedAt };
}

async function readApplied(client: pg.ClientBase | pg.Pool): Promise<AppliedRow[]> {
  const found = await client.query<{ there: boolean }>(
    "select to_regclass('migrations') is not null and to_regclass('migration_checksums') is not null as there",
  );
  if (found.rows[0]?.there !== true) return [];
  const result = await client.query<AppliedRow>(
    'select m.name, m.timestamp, c.checksum from migrations m left join migration_checksums c on c.name = m.name',
  );
  return result.rows;
}

function bytewise(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
