import { Logger } from '@nestjs/common';
import { asError, platformErrors } from '@parley/platform/errors';
import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { ProviderFailure } from '../providers/provider-failure.js';

export interface GateOptions {
  /** Calls under way at once. */
  readonly maxConcurrent: number;
  /** Calls that may wait for a place; more are refused. */
  readonly maxQueued: number;
  /** Failures in a row that open the circuit. */
  readonly breakerFailures: number;
  /** How long it stays open before one call tries whether the provider is back. */
  readonly breakerSeconds: number;
  /** A caller may be less patient: a shorter silence is no failure of the provider. */
  readonly breakerSilenceSeconds: number;
}

/** A place among the calls that may be under way at one provider. */
export interface Place {
  release(): void;
}

/**
 * The door to one provider, shared by all its models: a bound on calls under way, and a circuit that stops
 * asking after repeated failures. The circuit watches the way to the first token only: a stream may last
 * minutes, and while the circuit tries whether the provider is back, one call is enough.
 */
export class ProviderGate {
  private readonly logger = new Logger(ProviderGate.name);
  private readonly places: ReturnType<typeof bulkhead>;
  private readonly circuit: CircuitBreakerPolicy;

  constructor(
    readonly provider: string,
    private readonly options: GateOptions,
  ) {
    this.places = bulkhead(options.maxConcurrent, options.maxQueued);
    this.circuit = circuitBreaker(
      handleWhen((error) => error instanceof ProviderFailure && this.countsAgainstProvider(error)),
      {
        halfOpenAfter: options.breakerSeconds * 1000,
        breaker: new ConsecutiveBreaker(options.breakerFailures),
      },
    );
    this.circuit.onBreak(() => this.logger.warn(`${provider} is not asked for ${options.breakerSeconds} s`));
    this.circuit.onReset(() => this.logger.log(`${provider} answers again`));
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.circuit.state === CircuitState.Closed) return 'closed';
    return this.circuit.state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  /**
   * Waits for a place.
   * @throws OVERLOADED where too many wait already, or the signal's reason
   */
  enter(signal: AbortSignal): Promise<Place> {
    return new Promise((resolve, reject) => {
      const leave = (): void => reject(asError(signal.reason));
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      const stay = (): Promise<void> =>
        new Promise((release) => {
          signal.removeEventListener('abort', leave);
          if (signal.aborted) release();
          else resolve({ release });
        });
      this.places.execute(stay).catch((error: unknown) => {
        signal.removeEventListener('abort', leave);
        const full = error instanceof BulkheadRejectedError;
        reject(
          full
            ? platformErrors.OVERLOADED({ retryAfter: 1, detail: `Too many calls to ${this.provider}.` })
            : asError(error),
        );
      });
    });
  }

  /** Asks through the circuit; `circuit` where it is open, or half open with one call trying it out. */
  async ask<T>(attempt: () => Promise<T>): Promise<T> {
    if (this.circuit.state === CircuitState.HalfOpen) throw this.refusal();
    try {
      return await this.circuit.execute(attempt);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.refusal() : error;
    }
  }

  /** Else one user's impatience would close the provider to all. */
  private countsAgainstProvider({ countsAgainstProvider, facts }: ProviderFailure): boolean {
    const { silenceMs = Number.POSITIVE_INFINITY } = facts;
    return countsAgainstProvider && silenceMs >= this.options.breakerSilenceSeconds * 1000;
  }

  private refusal(): ProviderFailure {
    return new ProviderFailure('circuit', { retryAfterMs: this.options.breakerSeconds * 1000 });
  }
}
