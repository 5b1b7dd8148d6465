import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds. */
const STEP = 250;

/** Waits for the next multiple of 250 ms since `begun`, so that the time of an answer does not tell its cause. */
export async function untilNextStep(begun: number): Promise<void> {
  const elapsed = performance.now() - begun;
  await delay(Math.ceil(elapsed / STEP) * STEP - elapsed);
}
