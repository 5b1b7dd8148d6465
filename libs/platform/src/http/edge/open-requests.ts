import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 20;

/** Requests that have not been answered to their end. A node that leaves waits for them. */
export class OpenRequests {
  private count = 0;

  /** @returns to be called once, when the answer is over */
  open(): () => void {
    this.count += 1;
    return () => {
      this.count -= 1;
    };
  }

  /** Resolves when all are answered, or there is no more time. */
  async answered(deadline: AbortSignal): Promise<void> {
    while (this.count > 0 && !deadline.aborted) await sleep(LOOK_MS);
  }
}
