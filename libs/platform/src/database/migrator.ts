import { Kysely, type Migration, Migrator, NO_MIGRATIONS, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { DatabaseStartError } from './database-start.error.js';
import { grantToApplication } from './grants.js';
import { migrationChecksum } from './migration-checksum.js';
import { type ConnectionTarget, clientConfig } from './pool.js';
import { driftOf, type MigrationState, readSchemaStatus } from './schema-status.js';

/** A schema that a package brings and changes by itself (the job queue), made by the owner along with ours. */
export interface CompanionSchema {
  /** Name of the PostgreSQL schema. */
  readonly schema: string;
  /** Brings it to this program's version; repeatable. Runs under the migration lock. */
  up(owner: pg.Client): Promise<void>;
  /** Removes it with everything in it. */
  down(owner: pg.Client): Promise<void>;
  /** Whether it is at this program's version; asked by the application's role too. */
  isCurrent(client: pg.ClientBase | pg.Pool): Promise<boolean>;
}

export interface SchemaSource {
  /** By name; the order of the names is the order of their application. */
  readonly migrations: Readonly<Record<string, Migration>>;
  readonly companions?: readonly CompanionSchema[];
}

/** Any number, the same for every process that migrates this database. */
const LOCK = 7_283_150_114;
const CONNECT_TIMEOUT_MS = 10_000;

/** Brings a database to the program's schema and back, as its owner. */
export class SchemaMigrator {
  constructor(private readonly source: SchemaSource) {}

  status(client: pg.ClientBase | pg.Pool): Promise<MigrationState[]> {
    return readSchemaStatus(client, this.source.migrations);
  }

  /** Names of the companion schemas that are not at this program's version. */
  async staleCompanions(client: pg.ClientBase | pg.Pool): Promise<string[]> {
    const stale: string[] = [];
    for (const companion of this.source.companions ?? []) {
      if (!(await companion.isCurrent(client))) stale.push(companion.schema);
    }
    return stale;
  }

  /**
   * Applies what is pending, all or nothing, and grants the application's role its rights. Processes that
   * start together wait for one another; one applies.
   * @param appRole role of the application; null where it is the owner itself.
   * @returns names of the migrations that this call applied.
   * @throws DatabaseStartError on drift, before anything is changed.
   */
  async up(owner: ConnectionTarget, appRole: string | null): Promise<string[]> {
    return this.locked(owner, async (client) => {
      refuseDrift(await this.status(client));
      await requireRole(client, appRole);
      const applied = await this.migrate(owner, (migrator) => migrator.migrateToLatest());
      for (const companion of this.source.companions ?? []) await companion.up(client);
      if (appRole !== null) {
        await grantToApplication(
          client,
          appRole,
          (this.source.companions ?? []).map(({ schema }) => schema),
        );
      }
      return applied;
    });
  }

  /**
   * Takes back every migration after `name`; null takes back all, companions included.
   * @returns names of the migrations taken back, latest first.
   * @throws DatabaseStartError on drift, or when `name` is not applied.
   */
  async down(owner: ConnectionTarget, name: string | null): Promise<string[]> {
    return this.locked(owner, async (client) => {
      const states = await this.status(client);
      refuseDrift(states);
      if (name !== null && !states.some((state) => state.name === name && state.condition === 'applied')) {
        throw new DatabaseStartError(`There is no applied migration ${name} to go back to.`);
      }
      if (name === null) for (const companion of this.source.companions ?? []) await companion.down(client);
      return this.migrate(owner, (migrator) => migrator.migrateTo(name ?? NO_MIGRATIONS));
    });
  }

  private async locked<T>(owner: ConnectionTarget, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(ownerConfig(owner));
    // A broken connection fails the statement under way; without a listener it would end this process.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query('select pg_advisory_lock($1)', [LOCK]);
      await client.query(
        'create table if not exists migration_checksums (name text primary key, checksum text not null)',
      );
      return await work(client);
    } finally {
      await client.end();
    }
  }

  private async migrate(
    owner: ConnectionTarget,
    step: (migrator: Migrator) => ReturnType<Migrator['migrateToLatest']>,
  ): Promise<string[]> {
    const pool = new pg.Pool({ ...ownerConfig(owner), max: 1 });
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    try {
      const migrator = new Migrator({
        db,
        provider: { getMigrations: async () => recorded(this.source.migrations) },
        migrationTableName: 'migrations',
        migrationLockTableName: 'migrations_lock',
      });
      const { error, results = [] } = await step(migrator);
      if (error !== undefined) throw explain(error, results.find(({ status }) => status === 'Error')?.migrationName);
      return results.map(({ migrationName }) => migrationName);
    } finally {
      await db.destroy();
    }
  }
}

function ownerConfig(owner: ConnectionTarget): pg.ClientConfig {
  return clientConfig(owner, { applicationName: 'parley migrate', connectTimeoutMs: CONNECT_TIMEOUT_MS });
}

async function requireRole(client: pg.Client, role: string | null): Promise<void> {
  if (role === null) return;
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
  if (rowCount !== 0) return;
  throw new DatabaseStartError(`The server has no role ${role}, which DATABASE_URL names: create it first.`);
}

function refuseDrift(states: readonly MigrationState[]): void {
  const drift = driftOf(states);
  if (drift.length > 0) throw new DatabaseStartError(`The database has another schema: ${drift.join('; ')}.`);
}

function explain(error: unknown, name: string | undefined): Error {
  const reason = error instanceof Error ? error.message : String(error);
  const which = name === undefined ? '' : ` ${name}`;
  return new DatabaseStartError(`The migration${which} failed and was rolled back: ${reason}`, { cause: error });
}

/** Each migration writes or removes its checksum in the transaction that applies it. */
function recorded(migrations: Readonly<Record<string, Migration>>): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(migrations).map(([name, migration]) => [name, recordedOne(name, migration)]),
  );
}

function recordedOne(name: string, migration: Migration): Migration {
  return {
    up: async (db) => {
      const checksum = await migrationChecksum(migration);
      await migration.up(db);
      await sql`insert into migration_checksums (name, checksum) values (${name}, ${checksum})`.execute(db);
    },
    down: async (db) => {
      if (migration.down === undefined) throw new Error('it has no way back');
      await migration.down(db);
      await sql`delete from migration_checksums where name = ${name}`.execute(db);
    },
  };
}
