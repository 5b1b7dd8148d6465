import type { TestDatabase } from '@parley/platform/testing';
import pg from 'pg';
import { Registry } from 'prom-client';
import { PgListener } from '../bus/index.js';
import { configSchema } from '../config/index.js';
import { Drain } from '../lifecycle/index.js';
import { Metrics } from '../observability/index.js';
import { JobAdmin } from './job-admin.js';
import { JobEngine } from './job-engine.js';
import { JobsMetrics } from './jobs.metrics.js';
import { JobsRepository } from './jobs.repository.js';
import { JobsRole, PgBossQueue } from './pgboss-queue.js';

/** One process's share of the job queue, with the rights and connections that the application has. */
export interface JobsNode {
  readonly queue: PgBossQueue;
  readonly admin: JobAdmin;
  readonly engine: JobEngine;
  readonly repository: JobsRepository;
  readonly drain: Drain;
  metrics(): Promise<string>;
  /** As when the application is up. */
  start(): void;
  close(): Promise<void>;
}

export function openJobsNode(test: TestDatabase, options: { work?: boolean; drainSeconds?: number } = {}): JobsNode {
  const { work = true, drainSeconds = 5 } = options;
  const pool = new pg.Pool({ connectionString: test.appUrl, max: 2 });
  pool.on('error', () => undefined);
  const line = new PgListener(() => new pg.Client({ connectionString: test.appUrl }));
  const drain = new Drain(configSchema.parse({ shutdown: { drain_seconds: drainSeconds } }));
  const metrics = new Metrics(new Registry());
  const engine = new JobEngine(pool, line);
  const repository = new JobsRepository(test.database);
  const queue = new PgBossQueue(new JobsRole(work), engine, repository, new JobsMetrics(metrics), drain);
  return {
    queue,
    engine,
    repository,
    drain,
    admin: new JobAdmin(engine, repository),
    metrics: async () => (await metrics.expose()).text,
    start: () => queue.onApplicationBootstrap(),
    close: async () => {
      await queue.onModuleDestroy();
      await line.close();
      await pool.end();
    },
  };
}
