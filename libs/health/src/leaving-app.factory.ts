import 'reflect-metadata';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AuthModule } from '@parley/auth';
import { Bus, BusModule } from '@parley/platform/bus';
import { ClockModule } from '@parley/platform/clock';
import { ConfigModule, loadConfig } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { DatabaseModule } from '@parley/platform/database';
import { configureHttp, HttpModule } from '@parley/platform/http';
import { defineJob, JobQueue, JobsModule, jobSchema } from '@parley/platform/jobs';
import { Drain, LifecycleModule, leaveOnSignals } from '@parley/platform/lifecycle';
import { LimiterModule } from '@parley/platform/limiter';
import { MetricsModule } from '@parley/platform/observability';
import { migrations } from '@parley/schema';
import { z } from 'zod';
import { HEALTH_PATHS, HealthModule, MetricsController } from './index.js';

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

@Module({
  imports: [
    ConfigModule.forRoot(loadConfig()),
    ClockModule,
    LifecycleModule.forRoot({ role: 'api', version: '0.0.0' }),
    DatabaseModule.forRoot({ presence: 'serve', schema: { migrations, companions: [jobSchema] } }),
    CryptoModule,
    BusModule,
    JobsModule.forRoot({ work: true }),
    MetricsModule.forRoot(MetricsController),
    HttpModule,
    AuthModule,
    LimiterModule,
    HealthModule.forRoot(),
  ],
})
class LeavingApp {}

/** A serving process without the product: everything that starts and leaves, and one slow job. */
async function main(): Promise<void> {
  const config = loadConfig();
  const app = await NestFactory.create<NestExpressApplication>(LeavingApp, {
    bodyParser: false,
    logger: ['error', 'warn'],
  });
  configureHttp(app, config);
  app.setGlobalPrefix('api/v1', { exclude: [...HEALTH_PATHS] });
  const server: Server = app.getHttpServer();
  leaveOnSignals(app, server);
  const jobs = app.get(JobQueue);
  jobs.work(slowJob, async ({ seconds }) => {
    tell('job begins');
    await sleep(seconds * 1000);
    tell('job ends');
  });
  app.get(Drain).onDraining(() => tell('draining'));
  await app.listen(0, '127.0.0.1');
  const address = server.address();
  await jobs.send(slowJob, { seconds: Number(process.argv[2] ?? 0) });
  tell('listening', { port: typeof address === 'object' ? address?.port : null, mode: app.get(Bus).mode });
}

void main();
