import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type Config, loadConfig } from '@parley/platform/config';
import { leaveOnSignals } from '@parley/platform/lifecycle';
import { AppModule } from './app.module.js';
import { configureApp } from './configure-app.js';

/** Builds and configures the application; it does not listen yet. */
export async function createApp(config: Config): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  configureApp(app, config);
  return app;
}

/** Starts a serving process: configuration, database, modules, door. */
export async function start(config: Config = loadConfig()): Promise<NestExpressApplication> {
  const app = await createApp(config);
  const server: Server = app.getHttpServer();
  leaveOnSignals(app, server);
  await app.listen(config.http.port, config.http.host);
  return app;
}
