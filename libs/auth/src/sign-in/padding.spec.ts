import { performance } from 'node:perf_hooks';
import { untilNextStep } from './padding.js';

describe('untilNextStep', () => {
  it.each([
    [10, 250],
    [240, 250],
    [260, 500],
  ])('answers after %d ms of work not before %d ms', async (worked, step) => {
    const begun = performance.now() - worked;
    await untilNextStep(begun);
    const elapsed = performance.now() - begun;
    expect(elapsed).toBeGreaterThan(step - 1);
    expect(elapsed).toBeLessThan(step + 200);
  });
});
