import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Config, loadConfig } from '@parley/platform/config';
import { leaveOnSignals } from '@parley/platform/lifecycle';
import { Logger } from 'nestjs-pino';
import { WorkerModule } from './worker.module.js';

/** Starts a process without HTTP: jobs, messages that wait, and runs whose node went away. */
export async function start(config: Config = loadConfig()): Promise<INestApplicationContext> {
  const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(config), {
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(app.get(Logger));
  leaveOnSignals(app);
  return app;
}
