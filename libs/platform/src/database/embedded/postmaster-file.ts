import { readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../database.errors.js';

/** Whether a process of that number exists, whoever owns it. A zombie counts. */
export function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Number of the living server process of this data directory, by its own `postmaster.pid`. */
export async function readPostmaster(pgdata: string): Promise<number | undefined> {
  const pid = await readPid(join(pgdata, 'postmaster.pid'));
  return pid !== undefined && processIsAlive(pid) && (await livesIn(pid, pgdata)) ? pid : undefined;
}

/**
 * Removes lock files that name a process which is not this cluster's server: the number was given to
 * another program after a reboot, or the directory is a copy of a running one. PostgreSQL itself sees
 * only that the number is in use, and would never start again.
 */
export async function removeForeignLocks(pgdata: string, socketLock: string): Promise<void> {
  for (const file of [join(pgdata, 'postmaster.pid'), socketLock]) {
    const pid = await readPid(file);
    if (pid === undefined || !processIsAlive(pid) || (await livesIn(pid, pgdata))) continue;
    await unlink(file);
  }
}

async function readPid(file: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(file, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * A server works in its data directory; a zombie works nowhere, though its number is still in use (nobody
 * may bury it where process 1 is not an init). A system that does not tell (no /proc) is believed.
 */
async function livesIn(pid: number, pgdata: string): Promise<boolean> {
  try {
    const [where, home] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(pgdata)]);
    return where.dev === home.dev && where.ino === home.ino;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'EACCES') return !(await isZombie(pid));
    throw error;
  }
}

async function isZombie(pid: number): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // "<pid> (<name>) <state> …": the name itself may hold brackets.
  return line.slice(line.lastIndexOf(')') + 2).startsWith('Z');
}
