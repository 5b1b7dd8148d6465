import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { initialiseOnce } from '../database/embedded/initialise.js';
import { prepareBinaries } from '../database/embedded/postgres-binaries.js';
import { connectOrStart, type ServerPlan } from '../database/embedded/postmaster.js';
import { type ClusterSecrets, readOrMakeSecrets } from '../database/embedded/secrets.js';
import { canReach, giveTo, letThrough, serverIdentity } from '../database/embedded/server-identity.js';

/** A PostgreSQL server that tests may fill with databases: who may enter it, and where. */
export interface TestServer {
  /** A connection as superuser to the database `postgres`. The caller ends it. */
  connectAsSuperuser(): Promise<pg.Client>;
  /** URL of a database for one of the two roles. */
  urlFor(role: 'parley_owner' | 'parley_app', database: string): string;
  /** Passwords of the two roles. */
  readonly secrets: Pick<ClusterSecrets, 'parley_owner' | 'parley_app'>;
}

/**
 * Nothing here outlives the machine, so nothing waits for the disk; a killed server still recovers what was committed.
 */
export const HASTY = [
  'fsync=off',
  'full_page_writes=off',
  'shared_buffers=64MB',
  'max_connections=200',
  'wal_level=minimal',
  'max_wal_senders=0',
  'autovacuum=off',
  'jit=off',
  'log_min_messages=warning',
];

/**
 * The run's own PostgreSQL: started by whichever test file needs it first, so that a run of pure specs
 * starts none, and stopped by Jest's global teardown.
 */
export async function testCluster(): Promise<TestServer> {
  const home = await runDirectory();
  const identity = serverIdentity();
  const binaries = await prepareBinaries(home, identity);
  return makeTestServer({ home, binaries, identity, port: 5432, settings: HASTY });
}

/** Directory of this run, removed with all that was started in it when the run ends. */
export async function runDirectory(): Promise<string> {
  const directory = process.env['PARLEY_TEST_RUN_DIR'];
  if (directory === undefined) throw new Error('PARLEY_TEST_RUN_DIR is not set: test/support/global-setup.cjs sets it');
  await access(directory);
  const identity = serverIdentity();
  await letThrough(directory, identity);
  if (await canReach(directory, identity)) return directory;
  throw new Error(`uid ${identity?.uid} cannot reach ${directory}: set TMPDIR to a place that it can`);
}

/** Makes the cluster in `home`; its server starts with the first connection. */
export async function makeTestServer(
  parts: Pick<ServerPlan, 'home' | 'binaries' | 'identity' | 'port' | 'settings'>,
): Promise<TestServer> {
  const { home, identity, port } = parts;
  const socketDirectory = join(home, 'socket');
  await mkdir(socketDirectory, { recursive: true, mode: 0o700 });
  await giveTo(socketDirectory, identity);
  const secrets = await readOrMakeSecrets(home);
  const plan: ServerPlan = { ...parts, socketDirectory, superuserPassword: secrets.postgres };
  await initialiseOnce(plan);
  const host = encodeURIComponent(socketDirectory);
  return {
    secrets,
    connectAsSuperuser: () => connectOrStart(plan),
    urlFor: (role, database) => `postgresql://${role}:${secrets[role]}@${host}:${port}/${database}`,
  };
}
