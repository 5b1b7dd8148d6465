import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { measurePasswordHash } from '@parley/auth';
import type { Config } from '@parley/platform/config';
import { type Finding, failed, ok, skipped, warning } from './finding.js';

const OLDEST_NODE = [20, 19] as const;
const GIB = 1024 ** 3;
const LOW_SPACE = GIB;
const QUICKEST_HASH_MS = 5;
const SLOWEST_HASH_MS = 500;
const NO_SPACE = 0.1 * GIB;

export function examineRuntime(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  if (!enough) return failed('runtime', `Node.js ${version}`, `Install Node.js ${OLDEST_NODE.join('.')} or newer.`);
  return ok('runtime', `Node.js ${version}, ${process.platform} ${process.arch}`);
}

/** The data directory: there, writable, and nobody else's to read. */
export async function examineDataDirectory({ data_dir: directory }: Config): Promise<Finding> {
  const entry = await stat(directory).catch(() => undefined);
  if (entry === undefined) return skipped('data directory', `${directory} is made at the first start`);
  const writable = await mayWrite(directory);
  if (!writable)
    return failed('data directory', `${directory} cannot be written`, 'Give it to the user who runs Parley.');
  if ((entry.mode & 0o007) !== 0) {
    return warning('data directory', `${directory} is open to every user of this machine`, `chmod 700 ${directory}`);
  }
  return ok('data directory', directory);
}

export async function examineDisk({ data_dir: directory }: Config): Promise<Finding> {
  const place = await stat(directory).then(
    () => directory,
    () => dirname(directory),
  );
  const volume = await statfs(place).catch(() => undefined);
  if (volume === undefined) return skipped('disk', `${place} is not there yet`);
  const free = volume.bavail * volume.bsize;
  const detail = `${(free / GIB).toFixed(1)} GiB free at ${place}`;
  if (free < NO_SPACE) return failed('disk', detail, 'Make room: the database stops when the disk is full.');
  return free < LOW_SPACE ? warning('disk', detail, 'Make room soon.') : ok('disk', detail);
}

export async function examineLogFile({ log }: Config): Promise<Finding> {
  const { path } = log.file;
  if (path === null) return skipped('log file', 'logs go to standard output only');
  if (await mayWrite(dirname(path))) return ok('log file', path);
  return failed('log file', `${dirname(path)} cannot be written`, 'Make the folder, or change log.file.path.');
}

/** Too cheap a hash protects no stolen password; too dear a one lets sign-ins queue. */
export async function examinePasswordHash(measure = measurePasswordHash): Promise<Finding> {
  const milliseconds = await measure();
  const detail = `one takes ${milliseconds.toFixed(0)} ms here`;
  if (milliseconds < QUICKEST_HASH_MS)
    return warning('password hash', detail, 'Guessing is as quick: ask for long passwords.');
  if (milliseconds <= SLOWEST_HASH_MS) return ok('password hash', detail);
  return warning('password hash', detail, 'Sign-ins will wait for each other: give this process more of a processor.');
}

export function examineLimits({ limits }: Config): Finding {
  if (limits.enabled) return ok('limits', limits.multiplier === 1 ? 'on' : `on, times ${limits.multiplier}`);
  return warning(
    'limits',
    'rate and concurrency limits are off',
    'Remove limits.enabled: false outside of load tests.',
  );
}

function mayWrite(directory: string): Promise<boolean> {
  return access(directory, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}
