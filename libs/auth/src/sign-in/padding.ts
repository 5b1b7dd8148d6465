import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds. */
const STEP = 250;

/** Waits for the next multiple of 250 ms since `begun`, so that the time of an answer does not tell its cause. */
export async function untilNextStep(begun: number): Promise<void> {
  const step = Math.ceil((performance.now() - begun) / STEP) * STEP;
  // Timers count whole milliseconds and may fire a moment early: asked again until the step is reached.
  for (let left = step - (performance.now() - begun); left > 0; left = step - (performance.now() - begun)) {
    await delay(Math.ceil(left));
  }
}
