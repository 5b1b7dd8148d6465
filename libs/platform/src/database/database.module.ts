import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';
import { DatabaseAccess } from './access.js';
import { APP_POOL, Database } from './database.js';
import type { Presence } from './embedded/presence.js';
import { SchemaMigrator, type SchemaSource } from './migrator.js';
import { openAccess } from './open-access.js';
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
}

/** A server that starts together with us may come up a little later. */
const SERVING_PATIENCE_MS = 20_000;

/** The database of this process: opened, checked and migrated before anything else is built upon it. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(options: DatabaseModuleOptions): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [...opening(options), Database, SchemaState, ServerInspector],
      exports: [Database, DatabaseAccess, SchemaMigrator, SchemaState, ServerInspector],
    };
  }
}

function opening({ presence, schema, prepared = true }: DatabaseModuleOptions): Provider[] {
  return [
    { provide: SchemaMigrator, useFactory: () => new SchemaMigrator(schema) },
    { provide: DatabaseAccess, inject: [CONFIG], useFactory: (config: Config) => openAccess(config, presence) },
    {
      provide: APP_POOL,
      inject: [CONFIG, DatabaseAccess, SchemaMigrator],
      useFactory: async (config: Config, access: DatabaseAccess, migrator: SchemaMigrator) => {
        const pool = access.openPool(config.database.pool_size, `parley ${presence}`);
        try {
          if (prepared) {
            await prepareSchema(pool, access, migrator, config, presence === 'serve' ? SERVING_PATIENCE_MS : 0);
          }
        } catch (error) {
          // Nest runs no shutdown hooks for an application that could not be built.
          await access.close();
          throw error;
        }
        return pool;
      },
    },
  ];
}
