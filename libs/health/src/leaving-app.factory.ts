import 'reflect-metadata';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bus } from '@parley/platform/bus';
import { loadConfig } from '@parley/platform/config';
import { defineJob, JobQueue } from '@parley/platform/jobs';
import { Drain, leaveOnSignals } from '@parley/platform/lifecycle';
import { z } from 'zod';
import { openHealthApp } from './health-app.factory.js';

/** One line of JSON for the test that started this process. */
function tell(event: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
}

const slowJob = defineJob({
  name: 'test.slow',
  payload: z.object({ seconds: z.number() }),
  retry: { limit: 0, delaysSeconds: [] },
  deadLetter: false,
});

/** A process of its own, to be told to leave, with one slow job. */
async function main(): Promise<void> {
  const config = loadConfig();
  const app = await openHealthApp(config, ['error', 'warn']);
  const server: Server = app.getHttpServer();
  leaveOnSignals(app, server);
  const jobs = app.get(JobQueue);
  jobs.work(slowJob, async ({ seconds }) => {
    tell('job begins');
    await sleep(seconds * 1000);
    tell('job ends');
  });
  const drain = app.get(Drain);
  const looking = setInterval(() => {
    if (!drain.draining) return;
    clearInterval(looking);
    tell('draining');
  }, 5).unref();
  await app.listen(0, '127.0.0.1');
  const address = server.address();
  await jobs.send(slowJob, { seconds: Number(process.argv[2] ?? 0) });
  tell('listening', { port: typeof address === 'object' ? address?.port : null, mode: app.get(Bus).mode });
}

void main();
