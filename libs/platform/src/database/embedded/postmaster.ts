import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isConnectionLost, sqlState, systemErrorCode } from '../database.errors.js';
import { DatabaseStartError } from '../database-start.error.js';
import { explainSpawnFailure, type PostgresBinaries } from './postgres-binaries.js';
import { readPostmaster, removeForeignLocks } from './postmaster-file.js';
import type { OsIdentity } from './server-identity.js';

/** Where a cluster lives and how its server is run. */
export interface ServerPlan {
  /** Holds `pgdata`, `server.log` and the secrets. */
  readonly home: string;
  /** Directory of the Unix socket; its name with `/.s.PGSQL.5432` must stay within 107 bytes. */
  readonly socketDirectory: string;
  readonly binaries: PostgresBinaries;
  readonly identity: OsIdentity | undefined;
  /** Part of the socket's name; a TCP port only where the settings name addresses to listen on. */
  readonly port: number;
  /** `name=value` settings of the server. */
  readonly settings: readonly string[];
  readonly superuserPassword: string;
  /** Called whenever a process has been started and is waited for. */
  readonly meanwhile?: (() => void) | undefined;
}

/** Another server process still holds the cluster, or has just died and is not yet buried: worth another try. */
const STILL_HELD = /lock file|shared memory block|could not create any Unix-domain sockets/i;
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED']);
const LARGEST_LOG = 10 * 1024 * 1024;
const START_TIMEOUT_MS = 120_000;

interface Attempt {
  readonly child: ChildProcess;
  readonly logStart: number;
  failure: Error | undefined;
}

/**
 * Connects as superuser to the cluster's server, starting it where none runs. Reuses one that survived
 * the death of whoever started it, waits for crash recovery and for a killed server to be buried.
 * @throws DatabaseStartError when the server says why it cannot run, or after two minutes.
 */
export async function connectOrStart(plan: ServerPlan): Promise<pg.Client> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let attempt: Attempt | undefined;
  for (;;) {
    const found = await tryConnect(plan);
    if (found instanceof pg.Client) return found;
    if (NOBODY_LISTENS.has(found) && (attempt === undefined || hasEnded(attempt))) {
      if (attempt !== undefined) await requireWorthRetry(plan, attempt);
      attempt = await startServer(plan);
    }
    if (Date.now() > deadline) {
      throw new DatabaseStartError(
        `The database in ${plan.home} did not come up within two minutes: see ${logOf(plan)}.`,
      );
    }
    await sleep(20);
  }
}

/** Asks the server to stop at once, rolling back what is open, and waits until it is gone. */
export async function stopServer(home: string, timeoutMs = 10_000): Promise<void> {
  const pgdata = join(home, 'pgdata');
  const pid = await readPostmaster(pgdata);
  if (pid === undefined) return;
  signal(pid, 'SIGINT');
  const deadline = Date.now() + timeoutMs;
  while ((await readPostmaster(pgdata)) === pid) {
    if (Date.now() > deadline) {
      // Recovers from its log at the next start, as after a crash.
      signal(pid, 'SIGQUIT');
      return;
    }
    await sleep(10);
  }
}

function signal(pid: number, name: 'SIGINT' | 'SIGQUIT'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

async function tryConnect(plan: ServerPlan): Promise<pg.Client | string> {
  const client = new pg.Client({
    host: plan.socketDirectory,
    port: plan.port,
    user: 'postgres',
    password: plan.superuserPassword,
    database: 'postgres',
    application_name: 'parley supervisor',
    ssl: false,
  });
  // A connection that breaks later fails its queries; without a listener it would end this process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    // Nobody is there yet, or it is just coming or going: asked again.
    if (isConnectionLost(error)) return sqlState(error) ?? '';
    if (sqlState(error) === '28P01') {
      throw new DatabaseStartError(
        `secrets.json in ${plan.home} does not fit the database beside it: restore both from the same copy.`,
      );
    }
    throw error;
  }
}

async function startServer(plan: ServerPlan): Promise<Attempt> {
  const pgdata = join(plan.home, 'pgdata');
  await removeForeignLocks(pgdata, join(plan.socketDirectory, `.s.PGSQL.${plan.port}.lock`));
  const settings = [
    'listen_addresses=',
    `port=${plan.port}`,
    `unix_socket_directories=${plan.socketDirectory}`,
    'unix_socket_permissions=0700',
    ...plan.settings,
  ];
  const log = await openLog(logOf(plan));
  try {
    const { size } = await log.stat();
    const args = ['-D', pgdata, ...settings.flatMap((setting) => ['-c', setting])];
    // A session of its own: Ctrl-C in the terminal and the death of this process leave it running.
    const child = spawn(plan.binaries.postgres, args, {
      ...plan.identity,
      cwd: pgdata,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    child.unref();
    const attempt: Attempt = { child, logStart: size, failure: undefined };
    child.once('error', (error) => {
      attempt.failure = error;
    });
    plan.meanwhile?.();
    return attempt;
  } finally {
    await log.close();
  }
}

async function openLog(file: string): Promise<FileHandle> {
  const size = await stat(file).then(
    (entry) => entry.size,
    () => 0,
  );
  if (size > LARGEST_LOG) await rename(file, `${file}.1`);
  return open(file, 'a+', 0o600);
}

function hasEnded(attempt: Attempt): boolean {
  return attempt.failure !== undefined || attempt.child.exitCode !== null || attempt.child.signalCode !== null;
}

async function requireWorthRetry(plan: ServerPlan, attempt: Attempt): Promise<void> {
  if (attempt.failure !== undefined) throw explainSpawnFailure(attempt.failure, plan.binaries.postgres);
  const said = await readFrom(logOf(plan), attempt.logStart);
  if (STILL_HELD.test(said) || attempt.child.signalCode !== null) return;
  throw new DatabaseStartError(`The database in ${plan.home} does not start: ${said.trim() || 'it said nothing'}`);
}

async function readFrom(file: string, start: number): Promise<string> {
  const log = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(16_384);
    const { bytesRead } = await log.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await log.close();
  }
}

function logOf(plan: ServerPlan): string {
  return join(plan.home, 'server.log');
}
