import { Logger } from '@nestjs/common';
import type { HealthIndicator, HealthState } from '@parley/platform/lifecycle';

/** How long an answer stands: probes, however many, ask a dependency once in this time. */
const FRESH_MS = 1000;
/** What takes longer is not usable either. */
const PATIENCE_MS = 3000;

/** An indicator that is asked by one at a time, answers in time, and never throws. */
export class RememberedCheck {
  private readonly logger = new Logger('Health');
  private asking: Promise<HealthState> | undefined;
  private known: { readonly state: HealthState; readonly until: number } | undefined;

  constructor(readonly indicator: HealthIndicator) {}

  state(): Promise<HealthState> {
    if (this.known !== undefined && performance.now() < this.known.until) return Promise.resolve(this.known.state);
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async ask(): Promise<HealthState> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<HealthState>((resolve) => {
      const state: HealthState = { status: 'down', reason: `no answer within ${PATIENCE_MS / 1000} s` };
      timer = setTimeout(() => resolve(state), PATIENCE_MS);
    });
    const state = await Promise.race([this.attempt(), late]);
    clearTimeout(timer);
    this.known = { state, until: performance.now() + FRESH_MS };
    return state;
  }

  private async attempt(): Promise<HealthState> {
    try {
      return await this.indicator.check();
    } catch (error) {
      // What a foreign error says may hold an address: it goes to the log only.
      this.logger.warn({ msg: `the check ${this.indicator.name} failed`, err: error });
      return { status: 'down' };
    }
  }
}
