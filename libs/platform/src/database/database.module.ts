import { type DynamicModule, Global, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';
import { DatabaseAccess } from './access.js';
import { APP_POOL, Database } from './database.js';
import type { Presence } from './embedded/presence.js';
import { SchemaMigrator, type SchemaSource } from './migrator.js';
import { openDatabase } from './open-database.js';
import { prepareSchema } from './prepare-schema.js';
import { SchemaState } from './schema-state.js';
import { ServerInspector } from './server-inspector.js';

export interface DatabaseModuleOptions {
  /** `serve`: the one serving process of a data directory; `join`: workers and the command line. */
  readonly presence: Presence;
  /** The migrations of this program, and the schemas that its packages bring. */
  readonly schema: SchemaSource;
  /** False: neither checked nor migrated (the commands that look at or change the schema). */
  readonly prepared?: boolean;
  /**
   * What `openDatabase` gave, for a caller who closes it whatever becomes of the application: Nest runs no
   * shutdown hooks for one that could not be built. Left out: opened and closed with the application.
   */
  readonly access?: DatabaseAccess;
}

/** A server that starts together with us may come up a little later. */
const SERVING_PATIENCE_MS = 20_000;

class AccessCloser implements OnApplicationShutdown {
  constructor(private readonly access: DatabaseAccess) {}

  async onApplicationShutdown(): Promise<void> {
    await this.access.close();
  }
}

/** The database of this process: opened, checked and migrated before anything else is built upon it. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(options: DatabaseModuleOptions): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [...opening(options), ...preparing(options), Database, SchemaState, ServerInspector],
      exports: [Database, DatabaseAccess, SchemaMigrator, SchemaState, ServerInspector],
    };
  }
}

function opening({ access, presence }: DatabaseModuleOptions): Provider[] {
  if (access !== undefined) return [{ provide: DatabaseAccess, useValue: access }];
  return [
    { provide: DatabaseAccess, inject: [CONFIG], useFactory: (config: Config) => openDatabase(config, presence) },
    {
      provide: AccessCloser,
      inject: [DatabaseAccess],
      useFactory: (opened: DatabaseAccess) => new AccessCloser(opened),
    },
  ];
}

function preparing({ presence, schema, prepared = true }: DatabaseModuleOptions): Provider[] {
  const patience = presence === 'serve' ? SERVING_PATIENCE_MS : 0;
  return [
    { provide: SchemaMigrator, useFactory: () => new SchemaMigrator(schema) },
    {
      provide: APP_POOL,
      inject: [CONFIG, DatabaseAccess, SchemaMigrator],
      useFactory: async (config: Config, access: DatabaseAccess, migrator: SchemaMigrator) => {
        const pool = access.openPool(config.database.pool_size, `parley ${presence}`);
        if (!prepared) return pool;
        try {
          await prepareSchema(pool, access, migrator, config, patience);
          return pool;
        } catch (error) {
          await access.close();
          throw error;
        }
      },
    },
  ];
}
