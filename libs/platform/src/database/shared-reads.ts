import type pg from 'pg';
import { type FlightPlan, flyAll } from './flight.js';

/** Reads that follow each other on one connection; beyond this they would wait for each other too long. */
const MOST_TOGETHER = 16;

interface Read extends FlightPlan {
  readonly settle: (outcome: PromiseSettledResult<void>) => void;
}

/**
 * What is read at the same moment shares a connection and a write to it: requests come in crowds, and to write to
 * a socket costs more than to read a row. Each read stays a transaction of its own, with its own organisation, its
 * own answer and its own failure.
 */
export class SharedReads {
  private waiting: Read[] = [];
  private called = false;

  constructor(private readonly pool: pg.Pool) {}

  read(plan: FlightPlan): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: PromiseSettledResult<void>): void => {
        if (outcome.status === 'fulfilled') resolve();
        else reject(outcome.reason);
      };
      this.waiting.push({ ...plan, settle });
      this.callUp();
    });
  }

  /** After all that the sockets brought in this turn of the event loop. */
  private callUp(): void {
    if (this.called) return;
    this.called = true;
    setImmediate(() => void this.leave());
  }

  private async leave(): Promise<void> {
    const [found] = await Promise.allSettled([this.pool.connect()]);
    // Without a connection nobody waits for the next one to be refused.
    const together = this.waiting.splice(0, found.status === 'rejected' ? this.waiting.length : MOST_TOGETHER);
    this.called = false;
    if (this.waiting.length > 0) this.callUp();
    const outcomes = found.status === 'rejected' ? together.map(() => found) : await flyAll(found.value, together);
    for (const [i, outcome] of outcomes.entries()) together[i]?.settle(outcome);
  }
}
