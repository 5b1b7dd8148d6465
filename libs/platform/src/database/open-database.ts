import { Logger } from '@nestjs/common';
import type { Config } from '../config/index.js';
import { DatabaseAccess } from './access.js';
import { EmbeddedCluster } from './embedded/embedded-cluster.js';
import type { Presence } from './embedded/presence.js';

/** Opens the server of `database.url`, or the embedded one of the data directory. Connects only in the latter case. */
export async function openDatabase(config: Config, presence: Presence): Promise<DatabaseAccess> {
  const { url, migration_url, connect_timeout_ms, statement_timeout_ms } = config.database;
  const logger = new Logger(DatabaseAccess.name);
  const common = {
    connectTimeoutMs: connect_timeout_ms,
    statementTimeoutMs: statement_timeout_ms,
    onIdleError: (error: Error) => logger.warn({ msg: 'an idle database connection broke', err: error }),
  };
  if (url !== null) {
    const owner = { connectionString: migration_url ?? url };
    return new DatabaseAccess({ ...common, app: { connectionString: url }, owner, cluster: null });
  }
  const cluster = await EmbeddedCluster.open(config.data_dir, presence);
  for (const notice of cluster.notices) logger.warn(notice);
  return new DatabaseAccess({
    ...common,
    app: cluster.target('parley_app'),
    owner: cluster.target('parley_owner'),
    cluster,
  });
}
