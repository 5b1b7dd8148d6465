import type { Executor } from '../database/index.js';
import type { JobDefinition } from './define-job.js';

export interface SendOptions {
  /** The caller's transaction: the job is there if and when it commits. */
  readonly db?: Executor;
}

export interface JobContext {
  readonly jobId: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborted at the time-out, when this node leaves, and when another node has taken the job over. */
  readonly signal: AbortSignal;
  /** Of the request that sent the job; log lines and model calls of the handler carry it by themselves. */
  readonly correlationId: string;
}

/** A rejection is a failed try. It may be called twice for one job: whatever it does must bear that. */
export type JobHandler<P extends object> = (payload: P, context: JobContext) => Promise<void>;

export interface WorkOptions {
  /** Jobs of this kind that one process runs at once; default 4. */
  readonly concurrency?: number;
}

export abstract class JobQueue {
  /**
   * Stores a job. Null where a job with the same singleton key already waits.
   * @throws Error when the payload does not have its declared shape: a mistake of the program.
   * @throws DATABASE_UNAVAILABLE
   */
  abstract send<P extends object>(job: JobDefinition<P>, payload: P, options?: SendOptions): Promise<string | null>;

  /** Says who does it. Only processes that work jobs call the handler; call it before the application is up. */
  abstract work<P extends object>(job: JobDefinition<P>, handler: JobHandler<P>, options?: WorkOptions): void;

  /**
   * Sends the job again and again, once for all nodes together, by the database's clock.
   * @param cron five fields, UTC.
   */
  abstract schedule<P extends object>(job: JobDefinition<P>, cron: string, payload: P): void;
}
