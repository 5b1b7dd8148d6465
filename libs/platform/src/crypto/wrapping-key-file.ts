import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeWrappingKey, errorCode } from '../config/index.js';
import { KeyRingError } from './crypto.errors.js';

/** The key-encryption key of an installation that keeps its own, in the data directory. */
export function wrappingKeyFile(dataDir: string): string {
  return join(dataDir, 'key-encryption-key');
}

/** @returns undefined where there is no such file. @throws KeyRingError where it holds something else. */
export async function readWrappingKeyFile(path: string): Promise<Buffer | undefined> {
  try {
    const key = decodeWrappingKey((await readFile(path, 'utf8')).trim());
    if (key !== undefined) return key;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new KeyRingError(`${path} cannot be read (${errorCode(error)}).`, { cause: error });
  }
  throw new KeyRingError(`${path} does not hold a key (base64 of 32 bytes): restore it from its copy.`);
}

/** Whether others than its owner may read the file. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  return ((await stat(path)).mode & 0o077) !== 0;
}

/** Makes the file (0600), whole and on the disk before it has its name; of two processes at once the first one wins. */
export async function makeWrappingKeyFile(path: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const half = `${path}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const file = await open(half, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(half, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(half);
  }
  await syncFolder(folder);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
