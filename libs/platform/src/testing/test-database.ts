import { createHash } from 'node:crypto';
import { migrations, schemaSource } from '@parley/schema';
import pg from 'pg';
import { Database } from '../database/database.js';
import { ensureRoles, withLock } from '../database/embedded/roles.js';
import { migrationChecksum } from '../database/migration-checksum.js';
import { type CompanionSchema, SchemaMigrator } from '../database/migrator.js';
import { createPool } from '../database/pool.js';
import { type TestServer, testCluster } from './test-cluster.js';

export interface TestDatabase {
  /** As the application has it: through the role that owns nothing. */
  readonly database: Database;
  /** The pool behind `database`, 5 connections. */
  readonly pool: pg.Pool;
  readonly appUrl: string;
  readonly ownerUrl: string;
  /** Ends every connection of the application's role from the server's side, as a restart of it would. */
  cutConnections(): Promise<void>;
  /** Drops the database, whoever is still connected. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Another server than the run's own embedded one. */
  readonly server?: TestServer;
  /** Schemas that packages bring, made in the template too; all of the program's unless given. */
  readonly companions?: readonly CompanionSchema[];
  /** False: empty, not migrated. */
  readonly migrated?: boolean;
}

const CUT = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'parley_app' and datname = $1";

let opened = 0;

/** A fresh database with the program's schema and its default organisation, copied from a migrated template. */
export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = options.server ?? (await testCluster());
  opened += 1;
  const name = `t_${process.env['JEST_WORKER_ID'] ?? '0'}_${process.pid}_${opened}_${Date.now().toString(36)}`;
  await asSuperuser(server, async (superuser) => {
    await ensureRoles(superuser, server.secrets);
    const template =
      options.migrated === false
        ? 'template1'
        : await ensureTemplate(server, superuser, options.companions ?? schemaSource.companions ?? []);
    await superuser.query(`create database ${name} template ${template} owner parley_owner`);
  });
  const appUrl = server.urlFor('parley_app', name);
  const pool = createPool(
    { connectionString: appUrl },
    {
      max: 5,
      applicationName: 'parley test',
      connectTimeoutMs: 10_000,
      statementTimeoutMs: 30_000,
      onError: () => undefined,
    },
  );
  return {
    database: new Database(pool),
    pool,
    appUrl,
    ownerUrl: server.urlFor('parley_owner', name),
    cutConnections: () => asSuperuser(server, (superuser) => superuser.query(CUT, [name])),
    close: async () => {
      if (!pool.ended) await pool.end();
      await asSuperuser(server, (superuser) => superuser.query(`drop database if exists ${name} with (force)`));
    },
  };
}

async function asSuperuser(server: TestServer, work: (superuser: pg.Client) => Promise<unknown>): Promise<void> {
  const superuser = await server.connectAsSuperuser();
  try {
    await work(superuser);
  } finally {
    await superuser.end();
  }
}

/** Made once per run and schema, under a lock; renamed when whole. */
async function ensureTemplate(
  server: TestServer,
  superuser: pg.Client,
  companions: readonly CompanionSchema[],
): Promise<string> {
  const name = await templateName(companions);
  await withLock(superuser, async () => {
    const found = await superuser.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount !== 0) return;
    await superuser.query(`drop database if exists ${name}_half`);
    await superuser.query(`create database ${name}_half owner parley_owner`);
    const owner = { connectionString: server.urlFor('parley_owner', `${name}_half`) };
    await new SchemaMigrator({ migrations, companions }).up(owner, 'parley_app');
    await superuser.query(`alter database ${name}_half rename to ${name}`);
  });
  return name;
}

async function templateName(companions: readonly CompanionSchema[]): Promise<string> {
  const hash = createHash('sha256');
  for (const [name, migration] of Object.entries(migrations))
    hash.update(`${name} ${await migrationChecksum(migration)}\n`);
  for (const { schema } of companions) hash.update(`${schema}\n`);
  return `schema_${hash.digest('hex').slice(0, 16)}`;
}
