import { Injectable } from '@nestjs/common';
import type { HealthIndicator, HealthState } from '@parley/platform/lifecycle';
import { eventLoopLag } from '@parley/platform/observability';

/** From here on everybody notices. */
const LATE_MS = 200;

@Injectable()
export class EventLoopIndicator implements HealthIndicator {
  readonly name = 'event_loop';
  readonly critical = false;

  async check(): Promise<HealthState> {
    const lag = eventLoopLag();
    return lag > LATE_MS ? { status: 'degraded', reason: `${Math.round(lag)} ms late` } : { status: 'up' };
  }
}
