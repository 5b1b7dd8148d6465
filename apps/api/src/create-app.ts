import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Config } from '@parley/platform/config';
import type { DatabaseAccess } from '@parley/platform/database';
import { ProgramLog } from '@parley/platform/observability';
import { AppModule } from './app.module.js';
import { configureApp } from './configure-app.js';

export { greeting } from './greeting.js';

/** Builds and configures the application over an open database; it does not listen yet. */
export async function createApp(
  config: Config,
  database: DatabaseAccess,
  log?: ProgramLog,
): Promise<NestExpressApplication> {
  const programLog = log ?? (await ProgramLog.open(config));
  const module = AppModule.forRoot(config, database, programLog);
  const app = await NestFactory.create<NestExpressApplication>(module, {
    bodyParser: false,
    logger: programLog.nest,
    abortOnError: false,
  });
  configureApp(app, config);
  return app;
}
