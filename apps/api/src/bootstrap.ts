import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type Config, loadConfig } from '@parley/platform/config';
import { type DatabaseAccess, openDatabase } from '@parley/platform/database';
import { leaveOnSignals } from '@parley/platform/lifecycle';
import { schemaSource } from '@parley/schema';
import { AppModule } from './app.module.js';
import { configureApp } from './configure-app.js';

/** Builds and configures the application over an open database; it does not listen yet. */
export async function createApp(config: Config, database: DatabaseAccess): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, database), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  configureApp(app, config);
  return app;
}

/** Starts a serving process: database, modules, door. What was opened is closed again when a step fails. */
export async function start(config: Config = loadConfig()): Promise<NestExpressApplication> {
  const database = await openDatabase(config, { presence: 'serve', schema: schemaSource });
  try {
    const app = await createApp(config, database);
    const server: Server = app.getHttpServer();
    leaveOnSignals(app, server);
    await app.listen(config.http.port, config.http.host);
    return app;
  } catch (error) {
    await database.close();
    throw error;
  }
}
