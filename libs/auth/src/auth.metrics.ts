import { Injectable } from '@nestjs/common';
import { Metrics } from '@parley/platform/observability';
import type { Counter, Histogram } from 'prom-client';

/** How a sign-in or a refresh ended. */
export type AttemptResult = 'ok' | 'refused' | 'locked';

/** Figures of sign-in and access. */
@Injectable()
export class AuthMetrics {
  private readonly attempts: Counter<'method' | 'result'>;
  private readonly locks: Counter;
  private readonly hashSeconds: Histogram;
  private readonly tokens: Counter<'kind'>;
  private readonly reuse: Counter;
  private readonly decisions: Counter<'result' | 'permission'>;

  constructor(private readonly metrics: Metrics) {
    this.attempts = metrics.counter({
      name: 'parley_auth_attempts_total',
      help: 'Sign-ins and refreshes by result.',
      labels: ['method', 'result'],
    });
    this.locks = metrics.counter({ name: 'parley_auth_locks_total', help: 'Locks put on a sign-in name.' });
    this.hashSeconds = metrics.histogram({
      name: 'parley_password_hash_seconds',
      help: 'Time to hash one password; its count is the number of hash operations.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    });
    this.tokens = metrics.counter({
      name: 'parley_tokens_issued_total',
      help: 'Tokens issued by kind.',
      labels: ['kind'],
    });
    this.reuse = metrics.counter({
      name: 'parley_refresh_reuse_total',
      help: 'Refresh tokens that were shown a second time.',
    });
    this.decisions = metrics.counter({
      name: 'parley_authz_decisions_total',
      help: 'Decisions at the door of a route or event.',
      labels: ['result', 'permission'],
    });
  }

  attempted(method: 'password' | 'refresh', result: AttemptResult): void {
    this.attempts.inc({ method, result });
  }

  locked(count: number): void {
    this.locks.inc(count);
  }

  issued(kind: 'access' | 'refresh'): void {
    this.tokens.inc({ kind });
  }

  refreshReused(): void {
    this.reuse.inc();
  }

  /** @param access what the route or event declares */
  decided(result: 'allowed' | 'denied', access: string): void {
    this.decisions.inc({ result, permission: access });
  }

  async timeHash<T>(work: () => Promise<T>): Promise<T> {
    const done = this.hashSeconds.startTimer();
    try {
      return await work();
    } finally {
      done();
    }
  }

  watchWaitingHashes(read: () => number): void {
    this.metrics.gauge({
      name: 'parley_password_hash_waiting',
      help: 'Passwords waiting for their turn to be hashed.',
      read,
    });
  }
}
