import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CompiledQuery } from 'kysely';
import type { Db } from 'pg-boss';
import { type Executor, NO_ORGANISATION } from '../database/index.js';
import { Drain, type DrainTurn } from '../lifecycle/index.js';
import type { JobDefinition } from './define-job.js';
import { JobEngine } from './job-engine.js';
import { packJob } from './job-envelope.js';
import { type JobHandler, JobQueue, type SendOptions, type WorkOptions } from './job-queue.js';
import { JobWorker } from './job-worker.js';
import { JobsMetrics } from './jobs.metrics.js';
import { JobsRepository } from './jobs.repository.js';

const DEFAULT_PLACES = 4;
/** Loading and starting the queue waits until the application is up and answers. */
const START_DELAY_MS = 250;
const START_AGAIN_MS = 2000;
const BACKLOG_MS = 15_000;
/** For an application that is closed without a drain. */
const CLOSE_MS = 1000;

/** Whether this process works jobs, or only sends them. */
export class JobsRole {
  constructor(readonly works: boolean) {}
}

type Worker = Pick<JobWorker<object>, 'queue' | 'start' | 'wake' | 'stop'>;

interface WorkPlan {
  ensure(): Promise<void>;
  make(parts: ConstructorParameters<typeof JobWorker>[3]): Worker;
}

@Injectable()
export class PgBossQueue extends JobQueue implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(JobQueue.name);
  private readonly plans = new Map<string, WorkPlan>();
  private readonly schedules = new Map<string, () => Promise<void>>();
  private readonly workers: Worker[] = [];
  private timer: NodeJS.Timeout | undefined;
  private beginning: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly role: JobsRole,
    private readonly engine: JobEngine,
    private readonly repository: JobsRepository,
    private readonly metrics: JobsMetrics,
    drain: Drain,
  ) {
    super();
    drain.onDrain('jobs', 'jobs', (turn) => this.stop(turn));
    engine.onWake((queue) => {
      for (const worker of this.workers) if (queue === undefined || worker.queue === queue) worker.wake();
    });
  }

  async send<P extends object>(job: JobDefinition<P>, payload: P, { db }: SendOptions = {}): Promise<string | null> {
    const data = packJob(job, payload);
    const singletonKey = job.singleton?.(payload);
    const boss = await this.engine.boss();
    await this.engine.ensureQueue(job);
    return boss.send(job.name, data, {
      ...(db === undefined ? {} : { db: within(db) }),
      ...(singletonKey === undefined ? {} : { singletonKey }),
    });
  }

  work<P extends object>(job: JobDefinition<P>, handler: JobHandler<P>, options: WorkOptions = {}): void {
    if (this.plans.has(job.name)) throw new Error(`${job.name} is worked already`);
    const places = options.concurrency ?? DEFAULT_PLACES;
    this.plans.set(job.name, {
      ensure: () => this.engine.ensureQueue(job),
      make: (parts) => new JobWorker(job, handler, places, parts),
    });
  }

  schedule<P extends object>(job: JobDefinition<P>, cron: string, payload: P): void {
    const data = packJob(job, payload);
    this.schedules.set(job.name, async () => {
      await this.engine.ensureQueue(job);
      const boss = await this.engine.boss();
      await boss.schedule(job.name, cron, data, { tz: 'UTC' });
    });
  }

  onApplicationBootstrap(): void {
    if (this.role.works) this.beginAfter(START_DELAY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.stop({ deadline: AbortSignal.timeout(CLOSE_MS), remainingMs: () => CLOSE_MS });
  }

  private beginAfter(milliseconds: number): void {
    this.timer = setTimeout(() => {
      this.beginning = this.begin().catch((error: unknown) => {
        this.engine.complain('jobs are not worked yet, trying on', error);
        if (this.stopped === undefined) this.beginAfter(START_AGAIN_MS);
      });
    }, milliseconds);
  }

  private async begin(): Promise<void> {
    const boss = await this.engine.boss();
    for (const plan of this.plans.values()) await plan.ensure();
    await boss.start();
    for (const schedule of this.schedules.values()) await schedule();
    if (this.stopped !== undefined) return;
    const { engine, repository, metrics } = this;
    for (const plan of this.plans.values()) this.workers.push(plan.make({ boss, engine, repository, metrics }));
    for (const worker of this.workers) worker.start();
    this.timer = setInterval(() => void this.measure(), BACKLOG_MS).unref();
    this.logger.log(`Working ${this.plans.size} kinds of jobs.`);
  }

  private stop(turn: DrainTurn): Promise<void> {
    this.stopped ??= this.end(turn);
    return this.stopped;
  }

  private async end(turn: DrainTurn): Promise<void> {
    clearTimeout(this.timer);
    await this.beginning;
    await Promise.all(this.workers.map((worker) => worker.stop(turn)));
    await this.engine.stop();
  }

  private async measure(): Promise<void> {
    try {
      this.metrics.backlog(await this.repository.counts(NO_ORGANISATION));
    } catch (error) {
      this.engine.complain('the backlog cannot be counted', error);
    }
  }
}

/** pg-boss's statement in the caller's transaction. */
function within(db: Executor): Db {
  return {
    executeSql: async (text, values) => {
      const { rows } = await db.executeQuery(CompiledQuery.raw(text, values));
      return { rows };
    },
  };
}
