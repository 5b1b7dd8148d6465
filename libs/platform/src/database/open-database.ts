import { Logger } from '@nestjs/common';
import type { Config } from '../config/index.js';
import { DatabaseAccess } from './access.js';
import { EmbeddedCluster } from './embedded/embedded-cluster.js';
import type { Presence } from './embedded/presence.js';
import { SchemaMigrator, type SchemaSource } from './migrator.js';
import { prepareSchema } from './prepare-schema.js';

export interface OpenOptions {
  /** `serve`: the one serving process of a data directory; `join`: workers and the command line. */
  readonly presence: Presence;
  /** The migrations of this program, and the schemas that its packages bring. */
  readonly schema: SchemaSource;
  /** False: neither checked nor migrated (the commands that look at or change the schema). */
  readonly prepared?: boolean;
  /** Called whenever a process of the embedded database has been started and is waited for: time for other work. */
  readonly meanwhile?: () => void;
}

/** A server that starts together with us may come up a little later; a command does not wait. */
const SERVING_PATIENCE_MS = 20_000;

/**
 * Opens the server of `database.url`, or the embedded one of the data directory, and sees to it that the
 * schema is this program's. Whoever calls it closes it.
 * @throws DatabaseStartError with the remedy; then nothing is left open.
 */
export async function openDatabase(config: Config, options: OpenOptions): Promise<DatabaseAccess> {
  const { presence, schema, prepared = true, meanwhile } = options;
  const access = await connect(config, presence, meanwhile);
  if (!prepared) return access;
  try {
    const patience = presence === 'serve' ? SERVING_PATIENCE_MS : 0;
    await prepareSchema(access, new SchemaMigrator(schema), config, patience);
    return access;
  } catch (error) {
    await access.close();
    throw error;
  }
}

async function connect(config: Config, presence: Presence, meanwhile?: () => void): Promise<DatabaseAccess> {
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
  const cluster = await EmbeddedCluster.open(config.data_dir, presence, { meanwhile });
  for (const notice of cluster.notices) logger.warn(notice);
  return new DatabaseAccess({
    ...common,
    app: cluster.target('parley_app'),
    owner: cluster.target('parley_owner'),
    cluster,
  });
}
