import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Config } from '@parley/platform/config';
import { openDatabase } from '@parley/platform/database';
import { leaveOnSignals } from '@parley/platform/lifecycle';
import { ProgramLog } from '@parley/platform/observability';
import { schemaSource } from '@parley/schema';

/**
 * Starts a serving process: log, database, modules, door. What was opened is closed again when a step fails.
 * @returns what to print for whoever started it
 */
export async function start(config: Config): Promise<string> {
  const log = await ProgramLog.open(config);
  // The database starts in processes of its own, while this one loads what the application is made of.
  const [opened, loaded] = await Promise.allSettled([
    openDatabase(config, { presence: 'serve', schema: schemaSource }),
    import('./create-app.js'),
  ]);
  if (opened.status === 'rejected') throw opened.reason;
  try {
    if (loaded.status === 'rejected') throw loaded.reason;
    const { createApp, greeting } = loaded.value;
    const app = await createApp(config, opened.value, log);
    await openDoor(app, config);
    const words = greeting(app, config, await app.getUrl());
    await log.settle();
    return words;
  } catch (error) {
    log.silence();
    await opened.value.close();
    throw error;
  }
}

async function openDoor(app: NestExpressApplication, { http }: Config): Promise<void> {
  const server: Server = app.getHttpServer();
  leaveOnSignals(app, server);
  await app.listen(http.port, http.host);
}
