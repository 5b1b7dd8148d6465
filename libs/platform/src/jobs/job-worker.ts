import type { Job } from 'pg-boss';
import type { DrainTurn } from '../lifecycle/index.js';
import type { JobDefinition } from './define-job.js';
import { HEARTBEAT_SECONDS } from './job-engine.js';
import type { JobHandler } from './job-queue.js';
import { JobTries, NodeLeaves, type TryParts } from './job-tries.js';
import type { JobClaim } from './jobs.repository.js';

/** Behind the notifications; also how soon a delayed job is noticed. */
const POLL_MS = 2000;
const HEARTBEAT_MS = (HEARTBEAT_SECONDS * 1000) / 3;

interface RunningTry {
  readonly claim: JobClaim;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Takes jobs of one kind as places get free: a slow or failing one holds up no other. (pg-boss's own
 * workers refill and settle by whole batches, so that one slow job blocks its neighbours' places.)
 */
export class JobWorker<P extends object> {
  private readonly running = new Map<string, RunningTry>();
  private readonly tries: JobTries<P>;
  private loop: Promise<void> = Promise.resolve();
  private heartbeat: NodeJS.Timeout | undefined;
  private stopping = false;
  private woken = false;
  private mayBeMore = false;
  private resume: () => void = () => undefined;

  constructor(
    private readonly job: JobDefinition<P>,
    handler: JobHandler<P>,
    private readonly places: number,
    private readonly parts: TryParts,
  ) {
    this.tries = new JobTries(job, handler, parts);
  }

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
    for (const { controller } of this.running.values()) controller.abort(new NodeLeaves());
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
  }

  private begin({ id, data, retryCount }: Job<unknown>): void {
    const claim = { name: this.job.name, id, retryCount };
    const controller = new AbortController();
    // Fetched while it was told to stop: handed back untried.
    if (this.stopping) controller.abort(new NodeLeaves());
    const ended = this.tries.take(claim, data, controller).then(() => {
      this.running.delete(id);
      if (this.mayBeMore) this.wake();
    });
    this.running.set(id, { claim, controller, ended });
  }

  /** Says that what runs here lives, and finds out what was given to another node meanwhile. */
  private async beat(): Promise<void> {
    const held = [...this.running.values()];
    if (held.length === 0) return;
    try {
      const attempts = held.map(({ claim: { id, retryCount } }) => ({ id, retryCount }));
      const touched: unknown = await this.parts.boss.touch(this.job.name, attempts);
      const ids = idsOf(touched);
      if (ids === undefined) return;
      for (const { claim, controller } of held) {
        if (!ids.has(claim.id) && this.running.has(claim.id))
          controller.abort(new Error('another node has taken over'));
      }
    } catch (error) {
      this.parts.engine.complain('running jobs cannot be kept', error);
    }
  }
}

/** The jobs that a heartbeat reached, where pg-boss says so. */
function idsOf(touched: unknown): Set<unknown> | undefined {
  if (typeof touched !== 'object' || touched === null || !('settled' in touched)) return undefined;
  return Array.isArray(touched.settled) ? new Set<unknown>(touched.settled) : undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
