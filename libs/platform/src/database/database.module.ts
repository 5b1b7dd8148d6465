import { type DynamicModule, Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';
import { DatabaseAccess } from './access.js';
import { APP_POOL, Database } from './database.js';
import { SchemaMigrator, type SchemaSource } from './migrator.js';
import { SchemaState } from './schema-state.js';
import { ServerInspector } from './server-inspector.js';

class AccessCloser implements OnApplicationShutdown {
  constructor(private readonly access: DatabaseAccess) {}

  async onApplicationShutdown(): Promise<void> {
    await this.access.close();
  }
}

/** The database of this process, which `openDatabase` has opened, checked and migrated. */
@Global()
@Module({})
export class DatabaseModule {
  /**
   * Works with what `openDatabase` gave, and closes it with the application. Where the application cannot be
   * built Nest runs no shutdown hooks: then the caller closes it. Closing twice does nothing.
   */
  static forAccess(access: DatabaseAccess, schema: SchemaSource): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        { provide: DatabaseAccess, useValue: access },
        { provide: AccessCloser, useFactory: () => new AccessCloser(access) },
        { provide: SchemaMigrator, useFactory: () => new SchemaMigrator(schema) },
        {
          provide: APP_POOL,
          inject: [CONFIG],
          useFactory: ({ database }: Config) => access.openPool(database.pool_size, 'parley'),
        },
        Database,
        SchemaState,
        ServerInspector,
      ],
      exports: [Database, DatabaseAccess, SchemaMigrator, SchemaState, ServerInspector],
    };
  }
}
