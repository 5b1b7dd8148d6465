import { Logger } from '@nestjs/common';
import type { AppError } from '@parley/platform/errors';
import type { Candidate } from '../catalogue/candidate.js';
import { ProviderFailure } from '../providers/provider-failure.js';
import type { Backoff } from './backoff.js';
import { errorOfFailure } from './model-call.errors.js';
import type { Place } from './provider-gate.js';

export interface CallBounds {
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; nothing is tried after it. */
  readonly deadline?: number;
}

/** What an attempt gave, and the place that it holds until it is released. */
export interface Success<C, T> {
  readonly candidate: C;
  readonly value: T;
  readonly place: Place;
}

/**
 * The one retry rule, for chat and embeddings alike. An attempt ends with the first token (or the whole
 * answer, where it is not streamed); what fails after that is not tried again by anybody.
 */
export class RetryRule {
  private readonly logger = new Logger(RetryRule.name);

  /** @param retries further tries for each provider within one call */
  constructor(
    private readonly retries: number,
    private readonly backoff: Backoff,
  ) {}

  /** @throws the error of the last try, OVERLOADED, or the signal's reason */
  async first<C extends Candidate, T>(
    candidates: readonly C[],
    bounds: CallBounds,
    attempt: (candidate: C) => Promise<T>,
  ): Promise<Success<C, T>> {
    const retried = new Map<string, number>();
    let last: AppError | null = null;
    for (const candidate of candidates) {
      if (last !== null && isPast(bounds.deadline)) break;
      const outcome = await this.askRepeatedly(candidate, bounds, retried, attempt);
      if (!('failure' in outcome)) return outcome;
      // A circuit that lets nobody through is no try: what the model itself said last counts more.
      if (last === null || outcome.failure.kind !== 'circuit') {
        last = errorOfFailure(outcome.failure, candidate.name, false);
      }
    }
    throw last ?? new Error('there is no model to ask');
  }

  private async askRepeatedly<C extends Candidate, T>(
    candidate: C,
    bounds: CallBounds,
    retried: Map<string, number>,
    attempt: (candidate: C) => Promise<T>,
  ): Promise<Success<C, T> | { readonly failure: ProviderFailure }> {
    const { provider } = candidate.gate;
    for (;;) {
      const outcome = await this.askOnce(candidate, bounds, attempt);
      if (!('failure' in outcome)) return outcome;
      const { failure } = outcome;
      this.logger.warn(`${candidate.name} ${failure.message}`);
      if (failure.facts.adapted === true) continue;
      const used = retried.get(provider) ?? 0;
      const mayRetry = failure.retryable && used < this.retries;
      const wait = mayRetry ? this.backoff.delay(used, failure.facts.retryAfterMs, bounds.deadline) : null;
      if (wait === null) return outcome;
      retried.set(provider, used + 1);
      await this.backoff.wait(wait, bounds.signal);
    }
  }

  private async askOnce<C extends Candidate, T>(
    candidate: C,
    { signal }: CallBounds,
    attempt: (candidate: C) => Promise<T>,
  ): Promise<Success<C, T> | { readonly failure: ProviderFailure }> {
    const place = await candidate.gate.enter(signal);
    try {
      return { candidate, value: await candidate.gate.ask(() => attempt(candidate)), place };
    } catch (error) {
      place.release();
      if (error instanceof ProviderFailure) return { failure: error };
      throw error;
    }
  }
}

function isPast(deadline: number | undefined): boolean {
  return deadline !== undefined && Date.now() >= deadline;
}
