import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Config, loadConfig } from '@parley/platform/config';
import { openDatabase } from '@parley/platform/database';
import { leaveOnSignals } from '@parley/platform/lifecycle';
import { schemaSource } from '@parley/schema';
import { Logger } from 'nestjs-pino';
import { WorkerModule } from './worker.module.js';

/** Starts a process without HTTP: jobs, messages that wait, and runs whose node went away. */
export async function start(config: Config = loadConfig()): Promise<INestApplicationContext> {
  const database = await openDatabase(config, { presence: 'join', schema: schemaSource });
  try {
    const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(config, database), {
      bufferLogs: true,
      abortOnError: false,
    });
    app.useLogger(app.get(Logger));
    leaveOnSignals(app);
    return app;
  } catch (error) {
    await database.close();
    throw error;
  }
}
