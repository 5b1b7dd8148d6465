import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type pg from 'pg';
import type { Config } from '../config/index.js';
import type { DatabaseAccess } from './access.js';
import { isConnectionLost, sqlState } from './database.errors.js';
import { DatabaseStartError } from './database-start.error.js';
import type { SchemaMigrator } from './migrator.js';
import { readSchema, type SchemaReport } from './schema-state.js';
import { readServerFacts, refuseVersion, type ServerFacts, weakWalls } from './server-requirements.js';

/**
 * What stands between a connection and serving: the server is new enough, the role owns nothing (production),
 * the schema is the program's; where `database.migrate_on_start` allows it, what is pending is applied.
 * @param patienceMs how long a server that is not up yet is waited for.
 * @throws DatabaseStartError with the remedy.
 */
export async function prepareSchema(
  access: DatabaseAccess,
  migrator: SchemaMigrator,
  config: Config,
  patienceMs: number,
): Promise<void> {
  const pool = access.openPool(1, 'parley start');
  try {
    await prepare(pool, access, migrator, config, patienceMs);
  } finally {
    await pool.end();
  }
}

async function prepare(
  pool: pg.Pool,
  access: DatabaseAccess,
  migrator: SchemaMigrator,
  config: Config,
  patienceMs: number,
): Promise<void> {
  const logger = new Logger('Schema');
  judgeServer(await reachServer(pool, patienceMs), access, config, logger);
  const found = await readSchema(pool, migrator);
  if (isReady(found)) return;
  if (found.drift.length > 0 || !config.database.migrate_on_start) return refuseSchema(found);
  const applied = await migrator.up(access.owner, access.oneRole ? null : access.appRole);
  if (applied.length > 0) logger.log(`Applied ${applied.join(', ')}.`);
  // Tables have an owner only now.
  judgeServer(await readServerFacts(pool), access, config, logger);
  const now = await readSchema(pool, migrator);
  if (!isReady(now)) refuseSchema(now);
}

function isReady({ drift, pending, stale, forbidden }: SchemaReport): boolean {
  return drift.length + pending.length + stale.length + forbidden.length === 0;
}

function refuseSchema({ drift, pending, stale, forbidden }: SchemaReport): never {
  if (drift.length > 0) throw new DatabaseStartError(`The database has another schema: ${drift.join('; ')}.`);
  const missing = [...pending, ...stale.map((name) => `schema ${name}`)];
  if (missing.length > 0) {
    throw new DatabaseStartError(`The database is not migrated (pending: ${missing.join(', ')}). Run: parley migrate`);
  }
  throw new DatabaseStartError(`The application's role may not read ${forbidden.join(', ')}. Run: parley migrate`);
}

async function reachServer(pool: pg.Pool, patienceMs: number): Promise<ServerFacts> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await readServerFacts(pool);
    } catch (error) {
      if (!isConnectionLost(error) || Date.now() > deadline) throw refuseConnection(error);
      await sleep(250);
    }
  }
}

function refuseConnection(cause: unknown): DatabaseStartError {
  const reason = sqlState(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  const unreachable = isConnectionLost(cause);
  const failed = unreachable ? 'cannot be reached' : 'refuses the connection';
  return new DatabaseStartError(`The PostgreSQL server of DATABASE_URL ${failed} (${reason}).`, { unreachable, cause });
}

function judgeServer(facts: ServerFacts, access: DatabaseAccess, config: Config, logger: Logger): void {
  const refused = refuseVersion(facts);
  if (refused !== null) throw new DatabaseStartError(refused);
  // A node that does not migrate need not know the owner: then what it owns tells.
  const knowsOwner = config.database.migrate_on_start || config.database.migration_url !== null;
  const walls = weakWalls(facts, access.oneRole && knowsOwner);
  if (walls.length === 0) return;
  if (config.env === 'production') {
    throw new DatabaseStartError(`Production needs a database role that owns nothing: ${walls.join('; ')}.`);
  }
  logger.warn(`The wall between organisations is not there: ${walls.join('; ')}. Production refuses this.`);
}
