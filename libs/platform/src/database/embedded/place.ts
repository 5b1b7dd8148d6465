import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { systemErrorCode } from '../database.errors.js';
import { DatabaseStartError } from '../database-start.error.js';
import { canReach, giveTo, letThrough, type OsIdentity, serverIdentity } from './server-identity.js';
import { readIfThere, writeOnce } from './write-once.js';

/** Where clusters lie that cannot lie in their data directory. */
const ELSEWHERE = '/var/lib/parley';
/** File in a data directory that names the cluster's home. */
const POINTER = 'postgres.at';
/** sockaddr_un: 108 bytes with the closing zero. */
const LONGEST_SOCKET = 107;

const ownerSchema = z.object({ dataDir: z.string(), dev: z.number(), ino: z.number() });
type Owner = z.infer<typeof ownerSchema>;

export interface ClusterPlace {
  readonly home: string;
  readonly socketDirectory: string;
  /** Whom the server runs as; undefined: whom this process runs as. */
  readonly identity: OsIdentity | undefined;
  /** What the operator should know about the place. */
  readonly notices: readonly string[];
}

/**
 * Decides where the cluster of a data directory lies, and makes the folders: in `<data_dir>/postgres`, or,
 * where the server's user cannot reach that (root in a private home), in a folder of its own below
 * `elsewhere`, which the data directory names in `postgres.at`.
 */
export async function choosePlace(dataDir: string, elsewhere = ELSEWHERE): Promise<ClusterPlace> {
  await mkdir(dirname(dataDir), { recursive: true });
  const made = await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const real = await realpath(dataDir);
  const inside = join(real, 'postgres');
  const owner = await ownerOfCluster(inside);
  const identity = owner === 'ourselves' || owner === undefined ? serverIdentity() : owner;
  if (made !== undefined || !(await canReach(real, identity))) await letThrough(real, identity);
  const reachable = await canReach(real, identity);
  if (owner !== undefined && !reachable) throw outOfReach(inside, identity);
  const elsewhereSince = (await readIfThere(join(real, POINTER))) !== undefined;
  const { home, notices } =
    reachable && !elsewhereSince ? { home: inside, notices: [] } : await homeElsewhere(real, elsewhere, identity);
  await mkdir(home, { recursive: true, mode: 0o700 });
  await letThrough(home, identity);
  return { home, identity, notices, socketDirectory: await makeSocketDirectory(home, identity) };
}

function outOfReach(home: string, identity: OsIdentity | undefined): DatabaseStartError {
  return new DatabaseStartError(
    `The database in ${home} belongs to user ${identity?.uid}, who cannot reach it there: move the data directory back to where it was.`,
  );
}

/** A cluster that is there keeps its user: PostgreSQL opens no files of another one. Undefined where there is none. */
async function ownerOfCluster(home: string): Promise<OsIdentity | 'ourselves' | undefined> {
  const ours = process.getuid?.();
  const entry = await stat(join(home, 'pgdata')).catch((error: unknown) => {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'EACCES') return undefined;
    throw error;
  });
  if (entry === undefined) return undefined;
  if (entry.uid === ours) return 'ourselves';
  if (ours === 0) return { uid: entry.uid, gid: entry.gid };
  throw new DatabaseStartError(
    `The database in ${home} belongs to user ${entry.uid}, this process runs as ${ours}: run it as root or as the user who made it.`,
  );
}

async function homeElsewhere(
  dataDir: string,
  elsewhere: string,
  identity: OsIdentity | undefined,
): Promise<{ home: string; notices: string[] }> {
  await mkdir(elsewhere, { recursive: true, mode: 0o711 });
  const fresh = () => join(elsewhere, randomBytes(6).toString('hex'));
  const pointer = join(dataDir, POINTER);
  let home = await writeOnce(pointer, fresh);
  const notices = [
    `PostgreSQL runs as user ${identity?.uid}, who cannot reach ${dataDir}: the database lies in %home, which ${pointer} names.`,
  ];
  if (await isCopy(dataDir, home)) {
    home = fresh();
    await replaceFile(pointer, home);
    notices.push('This data directory is a copy of another one, whose database stays its own: this one starts empty.');
  }
  await mkdir(home, { recursive: true, mode: 0o700 });
  await replaceFile(join(home, 'owner.json'), JSON.stringify(await describe(dataDir)));
  return { home, notices: notices.map((notice) => notice.replace('%home', home)) };
}

/** A data directory that was moved takes its database along; one that was copied must not share it. */
async function isCopy(dataDir: string, home: string): Promise<boolean> {
  const text = await readIfThere(join(home, 'owner.json'));
  if (text === undefined) return false;
  const owner = ownerSchema.parse(JSON.parse(text));
  const self = await describe(dataDir);
  // Also one that was restored at its own path has a new inode.
  if (owner.dataDir === dataDir || (owner.dev === self.dev && owner.ino === self.ino)) return false;
  return (await readIfThere(join(owner.dataDir, POINTER))) === home;
}

async function describe(dataDir: string): Promise<Owner> {
  const { dev, ino } = await stat(dataDir);
  return { dataDir, dev, ino };
}

async function replaceFile(file: string, content: string): Promise<void> {
  const half = `${file}.${process.pid}`;
  await writeFile(half, content, { mode: 0o600 });
  await rename(half, file);
}

async function makeSocketDirectory(home: string, identity: OsIdentity | undefined): Promise<string> {
  const near = join(home, 'socket');
  const directory = fits(near) ? near : await shortName(home);
  await mkdir(directory, { mode: 0o700 }).then(
    () => giveTo(directory, identity),
    (error: unknown) => {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    },
  );
  await requirePrivate(directory, identity);
  return directory;
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, '.s.PGSQL.5432')) <= LONGEST_SOCKET;
}

/** By the folder itself, not by its name: a copy gets another one. */
async function shortName(home: string): Promise<string> {
  const { dev, ino } = await stat(home);
  return `/tmp/parley-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 16)}`;
}

/** Somebody else may have taken the name in /tmp: never offer or trust a socket there. */
async function requirePrivate(directory: string, identity: OsIdentity | undefined): Promise<void> {
  const entry = await lstat(directory);
  const owner = identity?.uid ?? process.getuid?.();
  if (entry.isDirectory() && entry.uid === owner && (entry.mode & 0o077) === 0) return;
  throw new DatabaseStartError(
    `${directory} is not a private folder of user ${owner}: remove it, or choose a shorter data directory.`,
  );
}
