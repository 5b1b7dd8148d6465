import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { systemErrorCode } from '../database.errors.js';

/**
 * Writes a file (0600) unless it is there, whole or not at all, and gives back what it then holds:
 * processes that write at once agree on one content.
 */
export async function writeOnce(file: string, content: () => string): Promise<string> {
  const known = await readIfThere(file);
  if (known !== undefined) return known;
  const half = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(half, content(), { mode: 0o600, flag: 'wx' });
  // link() fails where the name is taken: whoever was first has decided.
  await link(half, file).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  });
  await unlink(half);
  return readFile(file, 'utf8');
}

export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
