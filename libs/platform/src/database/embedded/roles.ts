import type pg from 'pg';
import type { ClusterSecrets } from './secrets.js';

/** Held while roles and databases are made, so that processes that start together do not collide. */
const LOCK = 7_283_150_115;

/**
 * Makes the two roles with their passwords where they are not there: `parley_owner` owns the schema,
 * `parley_app` owns nothing and passes no policy by. Repeatable.
 */
export async function ensureRoles(
  superuser: pg.Client,
  secrets: Pick<ClusterSecrets, 'parley_owner' | 'parley_app'>,
): Promise<void> {
  await withLock(superuser, async () => {
    for (const role of ['parley_owner', 'parley_app'] as const) {
      const found = await superuser.query('select from pg_roles where rolname = $1', [role]);
      if (found.rowCount !== 0) continue;
      await superuser.query(
        `create role ${role} login nosuperuser nocreatedb nocreaterole password '${secrets[role]}'`,
      );
    }
  });
}

/** Makes the database, owned by `parley_owner` and open to the two roles only. Repeatable. */
export async function ensureDatabase(superuser: pg.Client, name: string): Promise<void> {
  await withLock(superuser, async () => {
    const found = await superuser.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await superuser.query(`create database ${name} owner parley_owner`);
    await superuser.query(
      `revoke all on database ${name} from public; grant connect, temporary on database ${name} to parley_app`,
    );
  });
}

/** Runs `work` alone among all sessions that ask the same of this database. */
export async function withLock<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('select pg_advisory_lock($1)', [LOCK]);
  try {
    return await work();
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK]);
  }
}
