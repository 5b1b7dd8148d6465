import type { z } from 'zod';

export interface JobRetry {
  /** Further tries after the first. */
  readonly limit: number;
  /** Seconds before the first, second, … further try; the last one stands for all that follow. */
  readonly delaysSeconds: readonly number[];
}

/** A kind of work that outlives the request and the node that asked for it. Done at least once. */
export interface JobDefinition<P extends object = object> {
  /** Lower-case words with dots, the owning noun first: `session.title`. */
  readonly name: string;
  /** Ids and small facts only, never content: rows of the queue are not erased with a person. */
  readonly payload: z.ZodType<P>;
  readonly retry: JobRetry;
  /** Keep what failed for good, to be looked at and retried by an operator. */
  readonly deadLetter: boolean;
  /** While a job with the same key waits, another one is not added. One that runs does not count. */
  readonly singleton?: (payload: P) => string;
  /** Time that one try may take; default 300. */
  readonly timeoutSeconds?: number;
}

/** What a queue must know of any kind of job. */
export type JobShape = Pick<JobDefinition, 'name' | 'retry' | 'deadLetter' | 'timeoutSeconds'> & {
  readonly singleton?: unknown;
};

export const DEFAULT_TIMEOUT_SECONDS = 300;
const NAME = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/;
const LONGEST_NAME = 50;

export function defineJob<P extends object>(definition: JobDefinition<P>): JobDefinition<P> {
  const { name, retry } = definition;
  if (!NAME.test(name) || name.length > LONGEST_NAME) throw new Error(`${name} is no name of a job`);
  if (retry.limit > 0 && retry.delaysSeconds.length === 0) throw new Error(`${name} retries without delays`);
  return definition;
}

/** Seconds before the try that follows the n-th (n from 1). */
export function delayAfter({ delaysSeconds }: JobRetry, attempt: number): number {
  return delaysSeconds[Math.min(attempt, delaysSeconds.length) - 1] ?? 0;
}
