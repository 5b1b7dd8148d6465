import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Config } from '@parley/platform/config';
import { openDatabase } from '@parley/platform/database';
import { keepHeapSmall, leaveOnSignals } from '@parley/platform/lifecycle';
import { ProgramLog } from '@parley/platform/observability';
import { schemaSource } from '@parley/schema';

/**
 * Starts a serving process: log, database, modules, door. What was opened is closed again when a step fails.
 * @returns what to print for whoever started it
 */
export async function start(config: Config): Promise<string> {
  keepHeapSmall();
  const log = await ProgramLog.open(config);
  const database = await openDatabase(config, { presence: 'serve', schema: schemaSource, meanwhile: loadModules });
  try {
    const { createApp, greeting } = await import('./create-app.js');
    const app = await createApp(config, database, log);
    await openDoor(app, config);
    const words = greeting(app, config, await app.getUrl());
    await log.settle();
    return words;
  } catch (error) {
    log.silence();
    await database.close();
    throw error;
  }
}

/** What the application is made of is loaded while the processes of the database come up. */
function loadModules(): void {
  // Whoever needs the modules asks again, and is told what was wrong with them.
  import('./create-app.js').catch(() => undefined);
}

async function openDoor(app: NestExpressApplication, { http }: Config): Promise<void> {
  const server: Server = app.getHttpServer();
  leaveOnSignals(app, server);
  await app.listen(http.port, http.host);
}
