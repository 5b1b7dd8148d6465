import { setTimeout as pause } from 'node:timers/promises';

const FIRST_MS = 500;
/** Longest `Retry-After` that is waited for where the call has no deadline. */
const LONGEST_MS = 60_000;

/** How long to wait before a further try. Tests make time short by `scale`. */
export class Backoff {
  constructor(
    private readonly scale = 1,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * Milliseconds before try `retry` (0 is the first further one): 0.5, 1, 2 … s, each up to a fifth less or
   * more, or what the provider asked for. Null where that is past the deadline.
   */
  delay(retry: number, retryAfterMs: number | undefined, deadline: number | undefined): number | null {
    const own = FIRST_MS * 2 ** retry * (0.8 + 0.4 * this.random());
    const wait = (retryAfterMs ?? own) * this.scale;
    const limit = deadline === undefined ? LONGEST_MS : deadline - Date.now();
    return wait > limit ? null : wait;
  }

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    try {
      await pause(milliseconds, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }
}
