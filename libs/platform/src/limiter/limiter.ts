import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter as Metric } from 'prom-client';
import { RateLimiterRes } from 'rate-limiter-flexible';
import {
  CONFIG,
  type Config,
  LIMIT_CLASSES,
  type LimitClassName,
  type LimitKey,
  type LimitRule,
} from '../config/index.js';
import { platformErrors } from '../errors/index.js';
import { Metrics } from '../observability/index.js';
import { countedAddress } from './limit-address.js';
import { type Counter, LimitStores } from './limit-stores.js';

/** Who a call counts for, by each of the ways its class may count. */
export type LimitKeys = Partial<Readonly<Record<LimitKey, string>>>;

/** How a caller stands after a call that passed. */
export interface LimitState {
  readonly policy: LimitClassName;
  readonly limit: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Seconds until the window ends. */
  readonly resetSeconds: number;
}

interface ActiveRule {
  readonly rule: LimitRule;
  readonly counter: Counter;
}

const NO_RULES: readonly ActiveRule[] = [];

/** Longer ones could not be a key in the store. Names and mailboxes are not written down there in clear. */
const LONGEST_PLAIN_KEY = 100;

/** The one limiter behind HTTP and sockets. */
@Injectable()
export class Limiter {
  private readonly active = new Map<LimitClassName, readonly ActiveRule[]>();
  private readonly rejections: Metric<'class' | 'key'>;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly stores: LimitStores,
    metrics: Metrics,
  ) {
    this.rejections = metrics.counter({
      name: 'parley_rate_limit_rejections_total',
      help: 'Calls refused with RATE_LIMITED.',
      labels: ['class', 'key'],
    });
    metrics.gauge({
      name: 'parley_rate_limit_store_degraded',
      help: '1 while limits that should be shared are counted by each node for itself.',
      read: () => (this.stores.degraded() ? 1 : 0),
    });
  }

  /** Whether the shared store is away, for `/health`. */
  degraded(): boolean {
    return this.stores.degraded();
  }

  /**
   * Counts one call.
   * @param key whom it counts for; by name where the class counts in several ways (rules whose name
   *   is missing are passed over)
   * @returns how the caller stands by the rule with the least left; undefined where nothing is limited
   * @throws RATE_LIMITED, and then nothing was counted; DATABASE_UNAVAILABLE for classes counted there
   */
  async consume(limitClass: LimitClassName, key: string | LimitKeys): Promise<LimitState | undefined> {
    const rules = this.rulesOf(limitClass);
    if (rules.length === 0) return undefined;
    this.stores.divide();
    const counted: Array<() => Promise<unknown>> = [];
    let tightest: LimitState | undefined;
    for (const { rule, counter } of rules) {
      const whom = typeof key === 'string' ? key : key[rule.key];
      if (whom === undefined) continue;
      const stored = storedKey(rule.key, whom);
      try {
        const state = stateOf(limitClass, rule, await counter.consume(stored));
        counted.push(() => counter.refund(stored));
        if (tightest === undefined || state.remaining < tightest.remaining) tightest = state;
      } catch (thrown) {
        await Promise.all(counted.map((refund) => refund()));
        throw this.refusal(limitClass, rule, thrown);
      }
    }
    return tightest;
  }

  private rulesOf(limitClass: LimitClassName): readonly ActiveRule[] {
    let rules = this.active.get(limitClass);
    if (rules === undefined) {
      rules = this.activate(limitClass);
      this.active.set(limitClass, rules);
    }
    return rules;
  }

  private activate(limitClass: LimitClassName): readonly ActiveRule[] {
    const { enabled, multiplier, classes } = this.config.limits;
    const override = classes[limitClass];
    // Tests are not slowed down by limits that they do not set themselves.
    if (!enabled || (this.config.env === 'test' && override === undefined)) return NO_RULES;
    const defaults: readonly LimitRule[] = LIMIT_CLASSES[limitClass];
    return defaults.map((rule) => {
      const { limit, perSeconds, burst } =
        override === undefined ? rule : { ...override, perSeconds: override.per_seconds };
      const scaled: LimitRule = {
        key: rule.key,
        limit: Math.ceil(limit * multiplier),
        perSeconds,
        ...(burst === undefined ? {} : { burst: Math.ceil(burst * multiplier) }),
      };
      const named = { ...scaled, name: `${limitClass}:${rule.key}` };
      const counter = limitClass.startsWith('auth.') ? this.stores.inDatabase(named) : this.stores.elsewhere(named);
      return { rule: scaled, counter };
    });
  }

  private refusal(limitClass: LimitClassName, rule: LimitRule, thrown: unknown): unknown {
    if (!(thrown instanceof RateLimiterRes))
      return platformErrors.DATABASE_UNAVAILABLE({ cause: thrown, retryAfter: 1 });
    this.rejections.inc({ class: limitClass, key: rule.key });
    const state = stateOf(limitClass, rule, thrown);
    const { limit, windowSeconds, resetSeconds } = state;
    return platformErrors.RATE_LIMITED({
      retryAfter: Math.max(1, resetSeconds),
      members: { policy: limitClass, limit, window: windowSeconds },
      headers: limitHeaders({ ...state, remaining: 0 }),
    });
  }
}

/** Callers of every kind may be known by their address alone, as whoever brings a refresh token that nobody was given. */
function storedKey(kind: LimitKey, whom: string): string {
  const text = kind === 'recipient' ? whom : countedAddress(whom);
  if (kind !== 'recipient' && text.length <= LONGEST_PLAIN_KEY) return text;
  return createHash('sha256').update(text).digest('base64url');
}

function stateOf(policy: LimitClassName, rule: LimitRule, result: RateLimiterRes): LimitState {
  return {
    policy,
    limit: rule.limit,
    windowSeconds: rule.perSeconds,
    remaining: result.remainingPoints,
    resetSeconds: Math.ceil(result.msBeforeNext / 1000),
  };
}

/** The standard fields (IETF draft-ietf-httpapi-ratelimit-headers, structured fields). */
export function limitHeaders(state: LimitState): { RateLimit: string; 'RateLimit-Policy': string } {
  return {
    RateLimit: `"${state.policy}";r=${state.remaining};t=${state.resetSeconds}`,
    'RateLimit-Policy': `"${state.policy}";q=${state.limit};w=${state.windowSeconds}`,
  };
}
