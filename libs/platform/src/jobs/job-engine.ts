import { Inject, Injectable, Logger } from '@nestjs/common';
import type pg from 'pg';
import type { Db, PgBoss, QueueOptions } from 'pg-boss';
import { PgListener } from '../bus/index.js';
import { DEFAULT_TIMEOUT_SECONDS, type JobShape } from './define-job.js';

export const JOBS_POOL = Symbol('JOBS_POOL');

const DAY = 86_400;
/** A worker that shows no life for this long has lost its jobs. */
export const HEARTBEAT_SECONDS = 30;
/** Between the time-out of a try, which its own worker sees to, and the one that the database sees to. */
const TIMEOUT_MARGIN_SECONDS = 60;
/** The same complaint is logged once in this time: an absent database is noticed by everything at once. */
const QUIET_MS = 30_000;

type QueueSettings = QueueOptions & { notify: boolean; deadLetter?: string };

/** pg-boss over this process's job connections and its one listening line; loaded with the first use. */
@Injectable()
export class JobEngine {
  private readonly logger = new Logger(JobEngine.name);
  private readonly queues = new Map<string, Promise<void>>();
  private readonly wakers = new Set<(queue: string | undefined) => void>();
  private loading: Promise<PgBoss> | undefined;
  private loaded: PgBoss | undefined;
  private quietUntil = 0;

  constructor(
    @Inject(JOBS_POOL) private readonly pool: pg.Pool,
    private readonly line: PgListener,
  ) {}

  /** Not started: sending, fetching and settling need no more. */
  boss(): Promise<PgBoss> {
    this.loading ??= this.load().catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  /** Called when a job of that queue could be fetched; undefined: of any queue. */
  onWake(waker: (queue: string | undefined) => void): void {
    this.wakers.add(waker);
  }

  /** Makes the job's queue and its dead-letter queue, or brings them to their definition; once per process. */
  ensureQueue(job: JobShape): Promise<void> {
    const known = this.queues.get(job.name);
    if (known !== undefined) return known;
    const made = this.makeQueues(job).catch((error: unknown) => {
      this.queues.delete(job.name);
      throw error;
    });
    this.queues.set(job.name, made);
    return made;
  }

  /** Ends the timers and the listening of pg-boss, where they were started. Its workers have none of our jobs. */
  async stop(): Promise<void> {
    await this.loaded?.stop({ graceful: false, close: false });
  }

  /** Logs what went wrong, but not everything that an absent database brings about. */
  complain(msg: string, error: unknown): void {
    if (Date.now() < this.quietUntil) return;
    this.quietUntil = Date.now() + QUIET_MS;
    this.logger.warn({ msg, err: error });
  }

  private async load(): Promise<PgBoss> {
    const { PgBoss } = await import('pg-boss');
    const boss = new PgBoss({
      db: this.connections(),
      schema: 'pgboss',
      migrate: false,
      createSchema: false,
      reindex: false,
      monitorVacuum: false,
      useListenNotify: true,
      superviseIntervalSeconds: 15,
      monitorIntervalSeconds: 15,
      maintenanceIntervalSeconds: 3600,
      cronMonitorIntervalSeconds: 10,
      cronWorkerIntervalSeconds: 5,
      flowIntervalSeconds: 3600,
    });
    boss.on('error', (error) => this.complain('the job queue reports an error', error));
    boss.on('warning', ({ message }) => this.logger.warn(`The job queue warns: ${message}`));
    this.loaded = boss;
    return boss;
  }

  private connections(): Db {
    return {
      executeSql: (text, values) => this.pool.query(text, values),
      listen: async (channel, onNotification, onReconnect) => {
        const close = this.line.listen(channel, {
          heard: (queue) => {
            onNotification(queue);
            this.wake(queue);
          },
          up: () => {
            onReconnect();
            this.wake(undefined);
          },
        });
        return { close: async () => close() };
      },
    };
  }

  private wake(queue: string | undefined): void {
    for (const waker of this.wakers) waker(queue);
  }

  private async makeQueues(job: JobShape): Promise<void> {
    if (job.deadLetter) {
      await this.makeQueue(deadLetterQueue(job.name), 'standard', {
        retryLimit: 0,
        retentionSeconds: 90 * DAY,
        deleteAfterSeconds: 7 * DAY,
        notify: false,
      });
    }
    await this.makeQueue(job.name, job.singleton === undefined ? 'standard' : 'short', {
      retryLimit: job.retry.limit,
      retryDelay: job.retry.delaysSeconds[0] ?? 0,
      retryBackoff: false,
      expireInSeconds: Math.ceil(job.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) + TIMEOUT_MARGIN_SECONDS,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      retentionSeconds: 90 * DAY,
      deleteAfterSeconds: DAY,
      notify: true,
      ...(job.deadLetter ? { deadLetter: deadLetterQueue(job.name) } : {}),
    });
  }

  private async makeQueue(name: string, policy: 'standard' | 'short', settings: QueueSettings): Promise<void> {
    const boss = await this.boss();
    const found = await boss.getQueue(name);
    if (found === null) {
      await boss.createQueue(name, { policy, ...settings });
      return;
    }
    const known = new Map<string, unknown>(Object.entries(found));
    if (Object.entries(settings).some(([key, value]) => known.get(key) !== value)) {
      await boss.updateQueue(name, settings);
    }
    if (found.policy !== policy) this.logger.error(`Queue ${name} was made with the policy ${found.policy}.`);
  }
}

function deadLetterQueue(job: string): string {
  return `${job}.dead`;
}
