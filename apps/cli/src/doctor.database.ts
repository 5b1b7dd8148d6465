import type { INestApplicationContext } from '@nestjs/common';
import type { Config } from '@parley/platform/config';
import {
  DatabaseAccess,
  DatabaseStartError,
  isConnectionLost,
  refuseVersion,
  SchemaState,
  ServerInspector,
  type ServerReport,
  weakWalls,
} from '@parley/platform/database';
import { type Finding, failed, ok, warning } from './finding.js';

/** Beyond this, what is due by the machine's clock and what is leased by the database's drift apart. */
const MOST_SKEW_MS = 2000;
/** The listening connection, and the one that keeps the embedded server. */
const FURTHER_CONNECTIONS = 2;

/** Server, role, clock, connections and schema. */
export async function examineDatabase(app: INestApplicationContext, config: Config): Promise<Finding[]> {
  try {
    const report = await app.get(ServerInspector).read();
    return [
      describeServer(report, app.get(DatabaseAccess)),
      judgeRole(report, app.get(DatabaseAccess), config),
      judgeConnections(report, config),
      judgeClock(report),
      await examineSchema(app),
    ];
  } catch (error) {
    return [unusableDatabase(error)];
  }
}

/** What is found where the database cannot even be opened or asked. */
export function unusableDatabase(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  const unreachable = error instanceof DatabaseStartError ? error.unreachable : isConnectionLost(error);
  return {
    ...failed('database', message, unreachable ? 'Start the server, or mend DATABASE_URL.' : undefined),
    unreachable,
  };
}

function describeServer(report: ServerReport, access: DatabaseAccess): Finding {
  const refused = refuseVersion(report);
  if (refused !== null) return failed('database', refused, 'Upgrade the server.');
  const { versionText, roundTripMs, encrypted } = report;
  // A socket of this machine needs no encryption.
  const line = access.location.startsWith('/') ? '' : encrypted ? ', encrypted' : ', not encrypted';
  return ok(
    'database',
    `${access.mode}, PostgreSQL ${versionText}, ${access.location}${line}, ${roundTripMs.toFixed(1)} ms`,
  );
}

function judgeRole(report: ServerReport, access: DatabaseAccess, { env, database }: Config): Finding {
  const walls = weakWalls(report, access.oneRole && (database.migrate_on_start || database.migration_url !== null));
  if (walls.length === 0) return ok('database role', `${report.role} owns nothing`);
  const remedy = 'Give the application a role of its own that owns nothing, and the owner as DATABASE_MIGRATION_URL.';
  return env === 'production'
    ? failed('database role', walls.join('; '), remedy)
    : warning('database role', `${walls.join('; ')}; production refuses this`, remedy);
}

function judgeConnections({ maxConnections, connections }: ServerReport, { database }: Config): Finding {
  const needed = database.pool_size + database.jobs_pool_size + FURTHER_CONNECTIONS;
  const detail = `${connections} of ${maxConnections} in use, a node takes up to ${needed}`;
  if (needed <= maxConnections) return ok('connections', detail);
  return failed('connections', detail, 'Raise max_connections of the server, or lower database.pool_size.');
}

function judgeClock({ clockSkewMs }: ServerReport): Finding {
  const detail = `the database's clock is ${Math.abs(clockSkewMs)} ms ${clockSkewMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (Math.abs(clockSkewMs) <= MOST_SKEW_MS) return ok('clock', detail);
  return warning('clock', detail, 'Let both follow a time server.');
}

async function examineSchema(app: INestApplicationContext): Promise<Finding> {
  const { drift, pending, stale, forbidden, migrations } = await app.get(SchemaState).read();
  if (drift.length > 0)
    return failed('migrations', drift.join('; '), 'Run the version of the program that fits this database.');
  const missing = [...pending, ...stale];
  if (missing.length > 0) return failed('migrations', `pending: ${missing.join(', ')}`, 'parley migrate');
  if (forbidden.length > 0) {
    return failed('migrations', `the application's role may not read ${forbidden.join(', ')}`, 'parley migrate');
  }
  return ok('migrations', `${migrations.length} applied, none pending`);
}
