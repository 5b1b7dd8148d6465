import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { DatabaseStartError } from '../database-start.error.js';
import { processIsAlive } from './postmaster-file.js';

/** `serve`: alone in its kind; `join`: one of many. */
export type Presence = 'serve' | 'join';

/** Session locks: they end with the connection, and so with the process, however it ends. */
const SERVING = 7_283_150_116;
const PRESENT = 7_283_150_117;
/** How long the connection of a killed process may take to be noticed. */
const PATIENCE_MS = 3000;

/**
 * Takes this process's place in the cluster.
 * @throws DatabaseStartError when it wants to serve and another living process does.
 */
export async function enter(anchor: pg.Client, presence: Presence, home: string): Promise<void> {
  await anchor.query(`set application_name = 'parley ${presence} ${process.pid}'`);
  if (presence === 'serve') await claimServing(anchor, home);
  await anchor.query('select pg_advisory_lock_shared($1)', [PRESENT]);
}

/** Gives the place up. True when nobody is left, and nobody can come any more: the caller must stop the server. */
export async function leave(anchor: pg.Client): Promise<boolean> {
  try {
    await anchor.query('select pg_advisory_unlock_shared($1)', [PRESENT]);
    const { rows } = await anchor.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [PRESENT]);
    return rows[0]?.last === true;
  } catch {
    // The server is gone already, or going: there is nothing to stop.
    return false;
  }
}

async function claimServing(anchor: pg.Client, home: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await anchor.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [SERVING]);
    if (rows[0]?.got === true) return;
    const holder = await servingProcess(anchor);
    if (holder !== undefined && (processIsAlive(holder) || Date.now() > deadline)) {
      throw new DatabaseStartError(
        `Another process (${holder}) already serves from this data directory (its database is in ${home}). ` +
          'Stop it first, or give this one a PARLEY_DATA_DIR of its own.',
      );
    }
    await sleep(20);
  }
}

/** Number of the process that holds the lock, by the name of its connection. */
async function servingProcess(anchor: pg.Client): Promise<number | undefined> {
  const { rows } = await anchor.query<{ name: string }>(
    `select a.application_name as name from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.mode = 'ExclusiveLock'
       and (l.classid::bigint << 32 | l.objid::bigint) = $1`,
    [SERVING],
  );
  const pid = Number(rows[0]?.name.split(' ').at(-1));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}
