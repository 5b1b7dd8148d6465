import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClockModule } from '@parley/platform/clock';
import { type Config, ConfigModule, loadConfig } from '@parley/platform/config';
import { DatabaseModule } from '@parley/platform/database';
import { schemaSource } from './schema-source.js';
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
  const { prepared = true, imports = [], config = loadConfig({ env: world.env, cwd: world.cwd }) } = options;
  const app = await NestFactory.createApplicationContext(
    {
      module: CommandModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule,
        DatabaseModule.forRoot({ presence: 'join', schema: schemaSource, prepared }),
        ...imports,
      ],
    },
    { logger: new QuietLog(world.err), abortOnError: false },
  );
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
