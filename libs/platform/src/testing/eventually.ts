import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 5;

/**
 * Looks again and again until it holds.
 * @param what is missing as long as it does not, for the message
 * @throws Error when it does not hold within that time
 */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 10_000,
): Promise<void> {
  const until = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(LOOK_MS);
  }
}
