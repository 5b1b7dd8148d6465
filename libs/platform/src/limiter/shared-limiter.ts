import { type RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { MemoryLimiter } from './memory-limiter.js';

/** Redis answers within this time, or the memory of this process does. */
const PATIENCE_MS = 250;

/** Counts where all nodes count; while Redis is away or too slow, this node's part in memory. */
export class SharedLimiter extends MemoryLimiter {
  constructor(
    rule: { name: string; limit: number; perSeconds: number },
    private readonly shared: RateLimiterRedis,
  ) {
    super(rule);
  }

  override consume(key: string, points = 1): Promise<RateLimiterRes> {
    return insured(this.shared.consume(key, points), () => super.consume(key, points));
  }

  override reward(key: string, points = 1): Promise<RateLimiterRes> {
    return insured(this.shared.reward(key, points), () => super.reward(key, points));
  }
}

async function insured(
  asked: Promise<RateLimiterRes>,
  instead: () => Promise<RateLimiterRes>,
): Promise<RateLimiterRes> {
  try {
    return await answerInTime(asked);
  } catch (thrown) {
    // A refusal is an answer.
    return thrown instanceof RateLimiterRes ? Promise.reject(thrown) : instead();
  }
}

/**
 * Rejects one event-loop turn after the time is up, so that an answer that arrived while this process was busy still
 * counts.
 */
function answerInTime<T>(asked: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => setImmediate(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)));
    const timer = setTimeout(giveUp, PATIENCE_MS);
    asked.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
