import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { BoundedWindows } from './bounded-windows.js';

/** Keys of one rule that a process remembers: about 15 MB where all are addresses. */
const MOST_KEYS = 100_000;

/** The library's limiter in memory, but a flood of keys does not grow it without bound. */
export class MemoryLimiter extends RateLimiterMemory {
  private readonly windows: BoundedWindows;

  constructor(rule: { name: string; limit: number; perSeconds: number }, places = MOST_KEYS) {
    super({ keyPrefix: rule.name, points: rule.limit, duration: rule.perSeconds });
    this.windows = new BoundedWindows(rule.perSeconds * 1000, places);
  }

  /** Keys that are remembered now. */
  get size(): number {
    return this.windows.size;
  }

  override consume(key: string | number, points = 1): Promise<RateLimiterRes> {
    const state = this.count(key, points);
    // The library's way: a refusal is not an Error, it says how the caller stands.
    return state.consumedPoints > this.points ? Promise.reject(state) : Promise.resolve(state);
  }

  override reward(key: string | number, points = 1): Promise<RateLimiterRes> {
    return Promise.resolve(this.count(key, -points));
  }

  private count(key: string | number, points: number): RateLimiterRes {
    const now = Date.now();
    const { count, endsAt, isNew } = this.windows.add(String(key), points, now);
    return new RateLimiterRes(Math.max(0, this.points - count), endsAt - now, count, isNew);
  }
}
