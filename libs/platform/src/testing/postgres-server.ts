import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../database/database.errors.js';
import type { PostgresBinaries } from '../database/embedded/postgres-binaries.js';
import { stopServer } from '../database/embedded/postmaster.js';
import { readPostmaster } from '../database/embedded/postmaster-file.js';
import { letThrough, serverIdentity } from '../database/embedded/server-identity.js';
import { freePort } from './free-port.js';
import { describeWhen } from './installed-server.js';
import { HASTY, makeTestServer, runDirectory, type TestServer } from './test-cluster.js';

const OLDEST = 15;

/** This machine's own PostgreSQL, on a spare port of 127.0.0.1. */
export interface TestPostgres extends TestServer {
  readonly port: number;
  /** Stops it, rolling back what is open; the cluster stays. */
  stop(): Promise<void>;
  /** SIGKILL to the server and all its processes, as a crash of the machine would. */
  kill(): Promise<void>;
  /** Starts it again on the same port and waits until it accepts. */
  restart(): Promise<void>;
  /** The same as `stop`; the files go with the run. */
  close(): Promise<void>;
}

/** Folder of this machine's PostgreSQL programs, 15 or newer, or null. */
function postgresServerBinaries(): string | null {
  const folders = [output('pg_config', ['--bindir']), ...packagedFolders(), folderOnPath('postgres')];
  return folders.find((folder) => folder !== null && majorOf(folder) >= OLDEST) ?? null;
}

/** @param settings further `name=value` settings of the server, over the hasty ones of tests. */
export async function openTestPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const folder = postgresServerBinaries();
  if (folder === null) throw new Error(MISSING);
  const identity = serverIdentity();
  const home = await mkdtemp(join(await runDirectory(), 'postgres-'));
  await letThrough(home, identity);
  const port = await freePort();
  const server = await makeTestServer({
    home,
    binaries: programsIn(folder),
    identity,
    port,
    settings: [...HASTY, 'listen_addresses=127.0.0.1', ...settings],
  });
  const started: TestPostgres = {
    ...server,
    urlFor: (role, database) => `postgresql://${role}:${server.secrets[role]}@127.0.0.1:${port}/${database}`,
    port,
    stop: () => stopServer(home),
    kill: () => killServer(join(home, 'pgdata')),
    restart: async () => (await server.connectAsSuperuser()).end(),
    close: () => stopServer(home),
  };
  await started.restart();
  return started;
}

/** A suite on this machine's PostgreSQL server; skipped, and saying so, where there is none. */
export function describeOnPostgresServer(name: string, suite: () => void): void {
  describeWhen(postgresServerBinaries(), MISSING, name, suite);
}

const MISSING = 'this machine has no PostgreSQL server programs, 15 or newer';

function programsIn(folder: string): PostgresBinaries {
  return {
    initdb: join(folder, 'initdb'),
    postgres: join(folder, 'postgres'),
    major: majorOf(folder),
    copiedTo: undefined,
  };
}

async function killServer(pgdata: string): Promise<void> {
  const pid = await readPostmaster(pgdata);
  if (pid === undefined) return;
  const children =
    output('ps', ['-o', 'pid=', '--ppid', String(pid)])
      ?.split('\n')
      .map(Number) ?? [];
  for (const each of [pid, ...children]) killIfThere(each);
}

/** The children go by themselves as soon as they miss the server. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

function packagedFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, 'bin'));
}

function folderOnPath(program: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.find((folder) => existsSync(join(folder, program))) ?? null;
}

function majorOf(folder: string): number {
  const said = existsSync(join(folder, 'initdb')) ? output(join(folder, 'postgres'), ['--version']) : null;
  return Number.parseInt(/(\d+)/.exec(said ?? '')?.[1] ?? '0', 10);
}

function output(program: string, args: string[]): string | null {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : null;
}
