import type { Server } from 'node:http';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { Drain } from './drain.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** 128 + number of the signal, as a shell would report a process that it killed. */
const EXIT_CODES = { SIGTERM: 143, SIGINT: 130 } as const;
/** Closing pools, files and the embedded database after the drain. */
const CLOSE_MS = 15_000;

/**
 * From now on SIGTERM and SIGINT make this process leave in order: the drain, then Nest's own hooks
 * (which close the database, and the embedded server as the last of all), then exit code 0. A second
 * signal ends it at once. Nest's `enableShutdownHooks` is not used: it would close everything before
 * the drain.
 * @param server closed to new connections at the drain's door, and to all after it; none for a worker.
 */
export function leaveOnSignals(app: INestApplicationContext, server?: Server): void {
  const logger = new Logger('Shutdown');
  const drain = app.get(Drain);
  if (server !== undefined) closeDoor(drain, server);
  let asked = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (asked) process.exit(EXIT_CODES[signal]);
      asked = true;
      logger.log(`${signal}: leaving. A second one ends the process at once.`);
      void leave(app, drain, server).then((code) => process.exit(code));
    });
  }
}

async function leave(app: INestApplicationContext, drain: Drain, server: Server | undefined): Promise<number> {
  const logger = new Logger('Shutdown');
  await drain.run();
  // Streams that did not end by themselves would keep the server from closing.
  server?.closeAllConnections();
  const timer = setTimeout(() => {
    logger.error(`Closing took more than ${CLOSE_MS / 1000} s: ended by force.`);
    process.exit(1);
  }, CLOSE_MS);
  try {
    await app.close();
    return 0;
  } catch (error) {
    logger.error({ msg: 'closing failed', err: error });
    return 1;
  } finally {
    clearTimeout(timer);
  }
}

/** No new connections; idle ones are closed, and busy ones after their answer. */
function closeDoor(drain: Drain, server: Server): void {
  drain.onDrain('http server', 'door', async () => {
    server.close();
    server.closeIdleConnections();
  });
}
