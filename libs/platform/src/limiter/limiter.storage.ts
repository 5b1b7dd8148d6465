import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { isLimitClass } from '../config/index.js';
import { AppError } from '../errors/index.js';
import { Limiter } from './limiter.js';

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** What @nestjs/throttler counts, the one limiter counts: a throttler's name is a limit class. */
@Injectable()
export class LimiterStorage implements ThrottlerStorage {
  constructor(readonly limiter: Limiter) {}

  async increment(
    key: string,
    ttl: number,
    limit: number,
    _block: number,
    throttler: string,
  ): Promise<ThrottlerRecord> {
    if (!isLimitClass(throttler)) throw new Error(`there is no limit class ${throttler}`);
    try {
      const state = await this.limiter.consume(throttler, key);
      const timeToExpire = state?.resetSeconds ?? Math.ceil(ttl / 1000);
      return { totalHits: limit - (state?.remaining ?? limit), timeToExpire, isBlocked: false, timeToBlockExpire: 0 };
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.status !== 429) throw thrown;
      const seconds = thrown.facts.retryAfter ?? 1;
      return { totalHits: limit + 1, timeToExpire: seconds, isBlocked: true, timeToBlockExpire: seconds };
    }
  }
}
