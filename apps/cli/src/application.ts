import { type DynamicModule, type INestApplicationContext, Logger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClockModule } from '@parley/platform/clock';
import { type Config, ConfigModule, loadConfig } from '@parley/platform/config';
import { DatabaseModule, openDatabase } from '@parley/platform/database';
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
  const { config = loadConfig({ env: world.env, cwd: world.cwd }), prepared = true, imports = [] } = options;
  const logger = new QuietLog(world.err);
  // Before Nest is given it: what opens the database warns too.
  Logger.overrideLogger(logger);
  const access = await openDatabase(config, { presence: 'join', schema: schemaSource, prepared });
  try {
    const ground = [ConfigModule.forRoot(config), ClockModule, DatabaseModule.forAccess(access, schemaSource)];
    const module = { module: CommandModule, imports: [...ground, ...imports] };
    const app = await NestFactory.createApplicationContext(module, { logger, abortOnError: false });
    return await work(app).finally(() => app.close());
  } finally {
    await access.close();
  }
}
