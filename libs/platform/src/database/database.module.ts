import { type DynamicModule, Global, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';
import { DatabaseAccess } from './access.js';
import { APP_POOL, Database } from './database.js';
import { SchemaMigrator, type SchemaSource } from './migrator.js';
import { type OpenOptions, openDatabase } from './open-database.js';
import { SchemaState } from './schema-state.js';
import { ServerInspector } from './server-inspector.js';

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
  /** Opens the database with the application and closes it with it. */
  static forRoot(options: OpenOptions): DynamicModule {
    return assemble(options.schema, [
      { provide: DatabaseAccess, inject: [CONFIG], useFactory: (config: Config) => openDatabase(config, options) },
    ]);
  }

  /**
   * Works with what `openDatabase` gave, and closes it with the application. Where the application cannot be
   * built Nest runs no shutdown hooks: then the caller closes it. Closing twice does nothing.
   */
  static forAccess(access: DatabaseAccess, schema: SchemaSource): DynamicModule {
    return assemble(schema, [{ provide: DatabaseAccess, useValue: access }]);
  }
}

function assemble(schema: SchemaSource, opening: Provider[]): DynamicModule {
  return {
    module: DatabaseModule,
    providers: [
      ...opening,
      {
        provide: AccessCloser,
        inject: [DatabaseAccess],
        useFactory: (access: DatabaseAccess) => new AccessCloser(access),
      },
      { provide: SchemaMigrator, useFactory: () => new SchemaMigrator(schema) },
      {
        provide: APP_POOL,
        inject: [CONFIG, DatabaseAccess],
        useFactory: ({ database }: Config, access: DatabaseAccess) => access.openPool(database.pool_size, 'parley'),
      },
      Database,
      SchemaState,
      ServerInspector,
    ],
    exports: [Database, DatabaseAccess, SchemaMigrator, SchemaState, ServerInspector],
  };
}
