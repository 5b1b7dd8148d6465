import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { APP_POOL } from './database.js';
import { SchemaMigrator } from './migrator.js';
import { driftOf, type MigrationState } from './schema-status.js';

export interface SchemaReport {
  readonly migrations: readonly MigrationState[];
  /** Names of migrations that are still to be applied. */
  readonly pending: readonly string[];
  /** Sentences that say why this program must not serve on this schema. */
  readonly drift: readonly string[];
  /** Schemas of packages that are not at this program's version. */
  readonly stale: readonly string[];
  /** Tables that the application's role may not read. */
  readonly forbidden: readonly string[];
}

/** Whether the database has the schema that this program needs, as the application's role sees it. */
@Injectable()
export class SchemaState {
  constructor(
    @Inject(APP_POOL) private readonly pool: pg.Pool,
    private readonly migrator: SchemaMigrator,
  ) {}

  read(): Promise<SchemaReport> {
    return readSchema(this.pool, this.migrator);
  }
}

export async function readSchema(pool: pg.Pool, migrator: SchemaMigrator): Promise<SchemaReport> {
  const forbidden = await readForbidden(pool);
  // Before the first grant not even the list of migrations can be read.
  if (forbidden.includes('migrations')) return { migrations: [], pending: [], drift: [], stale: [], forbidden };
  const migrations = await migrator.status(pool);
  return {
    migrations,
    pending: migrations.filter(({ condition }) => condition === 'pending').map(({ name }) => name),
    drift: driftOf(migrations),
    stale: await migrator.staleCompanions(pool),
    forbidden,
  };
}

/** Other programs may have tables in the same schema: ours are those of whoever owns the list of migrations. */
async function readForbidden(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c
     join pg_class m on m.oid = to_regclass('migrations') and m.relowner = c.relowner
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
       and not has_table_privilege(c.oid, 'select') order by 1`,
  );
  return rows.map(({ name }) => name);
}
