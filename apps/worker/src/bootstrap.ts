import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '@parley/platform/config';
import { openDatabase } from '@parley/platform/database';
import { keepHeapSmall, leaveOnSignals } from '@parley/platform/lifecycle';
import { ProgramLog } from '@parley/platform/observability';
import { schemaSource } from '@parley/schema';
import { WorkerModule } from './worker.module.js';

/** Starts a process without HTTP: jobs, messages that wait, and runs whose node went away. */
export async function start(config: Config): Promise<INestApplicationContext> {
  keepHeapSmall();
  const log = await ProgramLog.open(config);
  const database = await openDatabase(config, { presence: 'join', schema: schemaSource });
  try {
    const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(config, database, log), {
      logger: log.nest,
      abortOnError: false,
    });
    leaveOnSignals(app);
    await log.settle();
    return app;
  } catch (error) {
    log.silence();
    await database.close();
    throw error;
  }
}
