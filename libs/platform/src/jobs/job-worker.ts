import { Logger } from '@nestjs/common';
import type { Job, PgBoss } from 'pg-boss';
import type { Acting } from '../database/index.js';
import { toProblem } from '../errors/index.js';
import type { DrainTurn } from '../lifecycle/index.js';
import { runWithContext } from '../observability/index.js';
import { DEFAULT_TIMEOUT_SECONDS, delayAfter, type JobDefinition } from './define-job.js';
import { HEARTBEAT_SECONDS, type JobEngine } from './job-engine.js';
import { unpackJob } from './job-envelope.js';
import type { JobHandler } from './job-queue.js';
import type { JobResult, JobsMetrics } from './jobs.metrics.js';
import type { JobClaim, JobsRepository } from './jobs.repository.js';

/** Behind the notifications; also how soon a delayed job is noticed. */
const POLL_MS = 2000;
const HEARTBEAT_MS = (HEARTBEAT_SECONDS * 1000) / 3;
/** What a handler gets to end after its signal was aborted. */
const GRACE_MS = 1000;

/** The queue belongs to no organisation. */
const INSTALLATION: Acting = { orgId: '' };

/** Reason of an abort that is nobody's failure. */
class Leaving extends Error {}

type Outcome = { readonly kind: 'done' | 'interrupted' } | { readonly kind: 'failed'; readonly error: unknown };

interface RunningTry {
  readonly claim: JobClaim;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

export interface WorkerParts {
  readonly boss: PgBoss;
  readonly engine: JobEngine;
  readonly repository: JobsRepository;
  readonly metrics: JobsMetrics;
}

/**
 * Takes jobs of one kind as places get free and settles each by itself, as soon as it ends: a slow or
 * failing one holds up no other. (pg-boss's own workers settle and refill by whole batches.)
 */
export class JobWorker<P extends object> {
  private readonly logger = new Logger(`Job ${this.job.name}`);
  private readonly running = new Map<string, RunningTry>();
  private loop: Promise<void> = Promise.resolve();
  private heartbeat: NodeJS.Timeout | undefined;
  private stopping = false;
  private woken = false;
  private mayBeMore = false;
  private resume: () => void = () => undefined;

  constructor(
    private readonly job: JobDefinition<P>,
    private readonly handler: JobHandler<P>,
    private readonly places: number,
    private readonly parts: WorkerParts,
  ) {}

  get queue(): string {
    return this.job.name;
  }

  start(): void {
    this.heartbeat = setInterval(() => void this.beat(), HEARTBEAT_MS).unref();
    this.loop = this.run();
  }

  /** There may be something to fetch. */
  wake(): void {
    this.woken = true;
    this.resume();
  }

  /** Takes no more; lets run what runs until the deadline, then aborts it and hands it back. */
  async stop(turn: DrainTurn): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.loop;
    const all = Promise.all([...this.running.values()].map(({ ended }) => ended));
    await Promise.race([all, aborted(turn.deadline)]);
    for (const { controller } of this.running.values()) controller.abort(new Leaving('the node leaves'));
    await all;
    clearInterval(this.heartbeat);
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.woken = false;
      const free = this.places - this.running.size;
      if (free > 0) {
        const jobs = await this.fetch(free);
        // As many as were asked for: whoever ends next looks again.
        this.mayBeMore = jobs.length === free;
        for (const job of jobs) this.begin(job);
      }
      await this.pause();
    }
  }

  private async fetch(free: number): Promise<Job<unknown>[]> {
    try {
      return await this.parts.boss.fetch<unknown>(this.job.name, { batchSize: free });
    } catch (error) {
      this.parts.engine.complain('jobs cannot be fetched', error);
      return [];
    }
  }

  private async pause(): Promise<void> {
    if (this.woken || this.stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.resume = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.resume = () => undefined;
  }

  private begin({ id, data, retryCount }: Job<unknown>): void {
    const claim = { name: this.job.name, id, retryCount };
    const controller = new AbortController();
    if (this.stopping) controller.abort(new Leaving('the node leaves'));
    const ended = this.take(claim, data, controller).finally(() => {
      this.running.delete(id);
      if (this.mayBeMore) this.wake();
    });
    this.running.set(id, { claim, controller, ended });
  }

  private async take(claim: JobClaim, data: unknown, controller: AbortController): Promise<void> {
    const began = performance.now();
    const result = await this.perform(claim, data, controller);
    this.parts.metrics.ended(this.job.name, result, (performance.now() - began) / 1000);
  }

  private async perform(claim: JobClaim, data: unknown, controller: AbortController): Promise<JobResult> {
    let correlationId = claim.id;
    try {
      if (controller.signal.aborted) return await this.handBack(claim);
      const unpacked = unpackJob(this.job, data);
      correlationId = unpacked.correlationId ?? claim.id;
      const { traceparent } = unpacked;
      const context = { correlationId, ...(traceparent === undefined ? {} : { traceparent }) };
      const { signal } = controller;
      const handling = runWithContext(context, async () =>
        this.handler(unpacked.payload, { jobId: claim.id, attempt: claim.retryCount + 1, signal, correlationId }),
      );
    } catch (error) {
      return this.fail(claim, error, correlationId);
    }
  }
}
