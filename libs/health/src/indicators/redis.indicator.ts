import { Inject, Injectable } from '@nestjs/common';
import { Bus } from '@parley/platform/bus';
import { CONFIG, type Config } from '@parley/platform/config';
import type { HealthIndicator, HealthState } from '@parley/platform/lifecycle';
import { Limiter } from '@parley/platform/limiter';

/** Redis, or what stands in its place. Never critical: everything that counts is in the database. */
@Injectable()
export class RedisIndicator implements HealthIndicator {
  readonly name = 'redis';
  readonly critical = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly bus: Bus,
    @Inject(Limiter) private readonly limiter: Pick<Limiter, 'degraded'>,
  ) {}

  async check(): Promise<HealthState> {
    const { healthy, reason = 'other nodes are not heard' } = this.bus.state();
    if (!healthy) return { status: 'degraded', reason };
    if (this.limiter.degraded()) return { status: 'degraded', reason: 'limits are counted by each node alone' };
    return this.config.redis.url === null ? { status: 'up', reason: 'not configured' } : { status: 'up' };
  }
}
