import { type DynamicModule, type INestApplicationContext, Logger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClockModule } from '@parley/platform/clock';
import { type Config, ConfigModule, loadConfig } from '@parley/platform/config';
import { type DatabaseAccess, DatabaseModule, openDatabase } from '@parley/platform/database';
import { schemaSource } from '@parley/schema';
import { QuietLog } from './quiet-log.js';
import type { World } from './world.js';

export interface ApplicationOptions {
  /** False: the database is neither checked nor migrated first. */
  readonly prepared?: boolean;
  /** Libraries that the command needs besides configuration, clock and database. */
  readonly imports?: readonly (Type<unknown> | DynamicModule)[];
  /** Read already, where the command had to know more. */
  readonly config?: Config;
}

class CommandModule {}

/** Builds the libraries of one command over a joined database, works with them, and takes them down again. */
export async function withApplication<T>(
  world: World,
  options: ApplicationOptions,
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const { config = loadConfig({ env: world.env, cwd: world.cwd }) } = options;
  const log = new QuietLog(world.err);
  // Before Nest is given it: what opens the database warns too.
  Logger.overrideLogger(log);
  const access = await openDatabase(config, 'join');
  try {
    const app = await NestFactory.createApplicationContext(commandModule(config, access, options), {
      logger: log,
      abortOnError: false,
    });
    return await work(app).finally(() => app.close());
  } finally {
    await access.close();
  }
}

function commandModule(config: Config, access: DatabaseAccess, options: ApplicationOptions): DynamicModule {
  const { prepared = true, imports = [] } = options;
  const database = DatabaseModule.forRoot({ presence: 'join', schema: schemaSource, prepared, access });
  return { module: CommandModule, imports: [ConfigModule.forRoot(config), ClockModule, database, ...imports] };
}
