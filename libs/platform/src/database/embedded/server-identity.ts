import { chmod, chown, lstat, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Numeric user and group under which the server runs. */
export interface OsIdentity {
  readonly uid: number;
  readonly gid: number;
}

/** "nobody" on Linux: PostgreSQL refuses to run as root, and a number needs no useradd. */
const NOBODY: OsIdentity = { uid: 65_534, gid: 65_534 };

/** Whom the server runs as when that is not the user of this process: only root steps down. */
export function serverIdentity(): OsIdentity | undefined {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

/** Whether the identity may walk down to `path` and enter it. Undefined (ourselves) always may. */
export async function canReach(path: string, identity: OsIdentity | undefined): Promise<boolean> {
  if (identity === undefined) return true;
  for (let current = await realpath(path); ; current = dirname(current)) {
    if (!mayEnter(await stat(current), identity)) return false;
    if (current === dirname(current)) return true;
  }
}

function mayEnter(entry: { uid: number; gid: number; mode: number }, identity: OsIdentity): boolean {
  if (entry.uid === identity.uid) return (entry.mode & 0o100) !== 0;
  if (entry.gid === identity.gid) return (entry.mode & 0o010) !== 0;
  return (entry.mode & 0o001) !== 0;
}

/** Lets the server's group, and nobody else, pass through a directory of ours; its content stays unlisted. */
export async function letThrough(directory: string, identity: OsIdentity | undefined): Promise<void> {
  const entry = await lstat(directory);
  if (entry.uid !== process.getuid?.()) return;
  if (identity === undefined) {
    await chmod(directory, 0o700);
    return;
  }
  await chown(directory, entry.uid, identity.gid);
  await chmod(directory, 0o710);
}

/** Makes a file or directory the server's own. */
export async function giveTo(path: string, identity: OsIdentity | undefined): Promise<void> {
  if (identity !== undefined) await chown(path, identity.uid, identity.gid);
}
