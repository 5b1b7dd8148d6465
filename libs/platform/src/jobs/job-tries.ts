import { Logger } from '@nestjs/common';
import type { PgBoss } from 'pg-boss';
import { NO_ORGANISATION } from '../database/index.js';
import { asError, toProblem } from '../errors/index.js';
import { runWithContext } from '../observability/index.js';
import { DEFAULT_TIMEOUT_SECONDS, delayAfter, type JobDefinition } from './define-job.js';
import type { JobEngine } from './job-engine.js';
import { type UnpackedJob, unpackJob } from './job-envelope.js';
import type { JobHandler } from './job-queue.js';
import type { JobResult, JobsMetrics } from './jobs.metrics.js';
import type { JobClaim, JobsRepository } from './jobs.repository.js';

/** What a handler gets to end after its signal was aborted. */
const GRACE_MS = 1000;

/** Reason of an abort that is nobody's failure. */
export class NodeLeaves extends Error {
  constructor() {
    super('the node leaves');
  }
}

export interface TryParts {
  readonly boss: PgBoss;
  readonly engine: JobEngine;
  readonly repository: JobsRepository;
  readonly metrics: JobsMetrics;
}

/** Performs and settles the tries of one kind of job. Every try is settled by itself; nothing here rejects. */
export class JobTries<P extends object> {
  private readonly logger = new Logger('Jobs');

  constructor(
    private readonly job: JobDefinition<P>,
    private readonly handler: JobHandler<P>,
    private readonly parts: TryParts,
  ) {}

  /** @param data what was stored for the job. */
  async take(claim: JobClaim, data: unknown, controller: AbortController): Promise<void> {
    const began = performance.now();
    try {
      const result = await this.perform(claim, data, controller);
      this.parts.metrics.ended(this.job.name, result, (performance.now() - began) / 1000);
    } catch (error) {
      // It stays claimed: without a sign of life from us the database gives it to another try.
      this.parts.engine.complain('a job could not be settled', error);
    }
  }

  private async perform(claim: JobClaim, data: unknown, controller: AbortController): Promise<JobResult> {
    let unpacked: UnpackedJob<P>;
    try {
      unpacked = unpackJob(this.job, data);
    } catch (error) {
      // What this version cannot read it will not read at the next try either.
      return this.fail(claim, error, claim.id, 'never');
    }
    const correlationId = unpacked.correlationId ?? claim.id;
    try {
      await this.handle(claim, unpacked, correlationId, controller);
    } catch (error) {
      if (controller.signal.reason instanceof NodeLeaves) return this.handBack(claim);
      const delaySeconds = delayAfter(this.job.retry, claim.retryCount + 1);
      const last = claim.retryCount >= this.job.retry.limit;
      return this.fail(claim, error, correlationId, last ? 'never' : { delaySeconds });
    }
    await this.parts.boss.complete(claim.name, { id: claim.id, retryCount: claim.retryCount });
    return 'completed';
  }

  private async handle(
    claim: JobClaim,
    { payload, traceparent }: UnpackedJob<P>,
    correlationId: string,
    controller: AbortController,
  ): Promise<void> {
    const { signal } = controller;
    signal.throwIfAborted();
    const seconds = this.job.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
    const timer = setTimeout(() => controller.abort(new Error(`took more than ${seconds} s`)), seconds * 1000);
    const given = givesUp(signal);
    try {
      const context = { correlationId, ...(traceparent === undefined ? {} : { traceparent }) };
      const work = runWithContext(context, async () =>
        this.handler(payload, { jobId: claim.id, attempt: claim.retryCount + 1, signal, correlationId }),
      );
      await Promise.race([work, given.up]);
    } finally {
      clearTimeout(timer);
      given.cancel();
    }
  }

  private async fail(
    claim: JobClaim,
    error: unknown,
    correlationId: string,
    next: { delaySeconds: number } | 'never',
  ): Promise<JobResult> {
    const attempt = claim.retryCount + 1;
    const then = next === 'never' ? 'it is not tried again' : `next try in ${next.delaySeconds} s`;
    runWithContext({ correlationId }, () =>
      this.logger.warn({ msg: `try ${attempt} of ${this.job.name} failed, ${then}`, job_id: claim.id, err: error }),
    );
    await this.parts.repository.beforeFailure(NO_ORGANISATION, claim, next);
    const problem = toProblem(error, { correlationId });
    await this.parts.boss.fail(claim.name, { id: claim.id, retryCount: claim.retryCount }, problem);
    return next === 'never' ? 'dead' : 'retried';
  }

  private async handBack(claim: JobClaim): Promise<JobResult> {
    await this.parts.repository.handBack(NO_ORGANISATION, claim);
    return 'handed_back';
  }
}

/** Rejects with the reason of an abort when the grace after it is over. */
function givesUp(signal: AbortSignal): { up: Promise<never>; cancel: () => void } {
  let cancel = () => undefined;
  const up = new Promise<never>((_, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      timer = setTimeout(() => reject(asError(signal.reason)), GRACE_MS);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    cancel = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      return undefined;
    };
  });
  return { up, cancel };
}
