import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../database.errors.js';
import { DatabaseStartError } from '../database-start.error.js';
import { explainSpawnFailure } from './postgres-binaries.js';
import type { ServerPlan } from './postmaster.js';
import { processIsAlive } from './postmaster-file.js';
import { giveTo, letThrough } from './server-identity.js';

type InitialPlan = Pick<ServerPlan, 'home' | 'binaries' | 'identity' | 'superuserPassword' | 'meanwhile'>;

const UNFINISHED = /^initialising-(\d+)-/;

/**
 * Makes the cluster in `<home>/pgdata` unless it is there. Built beside its name and renamed when whole,
 * so that neither a kill nor a second process leaves half a cluster.
 * @throws DatabaseStartError when the cluster there is of another major version.
 */
export async function initialiseOnce(plan: InitialPlan): Promise<void> {
  const { home, binaries, identity } = plan;
  await removeUnfinished(home);
  const pgdata = join(home, 'pgdata');
  const version = await versionOf(pgdata);
  if (version !== undefined) return requireVersion(version, binaries.major, pgdata);
  const half = join(home, `initialising-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(half);
  await letThrough(half, identity);
  await giveTo(half, identity);
  await runInitdb(half, plan);
  await rename(join(half, 'pgdata'), pgdata).catch((error: unknown) => {
    const code = systemErrorCode(error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  });
  await rm(half, { recursive: true, force: true });
}

async function versionOf(pgdata: string): Promise<string | undefined> {
  try {
    return (await readFile(join(pgdata, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function requireVersion(found: string, wanted: number, pgdata: string): void {
  if (found === String(wanted)) return;
  throw new DatabaseStartError(
    `The database in ${pgdata} was made by PostgreSQL ${found}, this program brings ${wanted}, and the two do not ` +
      `read each other's files. Export with the version that made it, or set DATABASE_URL to a PostgreSQL ${found} server.`,
  );
}

async function removeUnfinished(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const maker = UNFINISHED.exec(name)?.[1];
    if (maker === undefined || processIsAlive(Number(maker))) continue;
    // An initdb whose maker was killed may still be writing there: the next start takes the rest away.
    await rm(join(home, name), { recursive: true, force: true }).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'ENOTEMPTY') throw error;
    });
  }
}

async function runInitdb(half: string, plan: InitialPlan): Promise<void> {
  const { binaries, identity, superuserPassword, meanwhile } = plan;
  const passwordFile = join(half, 'password');
  await writeFile(passwordFile, superuserPassword, { mode: 0o600, flag: 'wx' });
  await giveTo(passwordFile, identity);
  const args = [
    `--pgdata=${join(half, 'pgdata')}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    // Bytewise order, and yet letters of every script have upper and lower case; the same on every system.
    ...(binaries.major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
    // On the disk before it is used, as ever, but in one call instead of one for each of a thousand files.
    ...(binaries.major >= 17 && process.platform === 'linux' ? ['--sync-method=syncfs'] : []),
  ];
  const child = spawn(binaries.initdb, args, { ...identity, cwd: half, stdio: ['ignore', 'ignore', 'pipe'] });
  meanwhile?.();
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(explainSpawnFailure(error, binaries.initdb)));
    child.once('close', resolve);
  });
  if (code !== 0) throw new DatabaseStartError(`The database could not be made in ${half}: ${said.trim()}`);
}
