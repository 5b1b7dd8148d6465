import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
/** How long a measurement counts as the present one. */
const WINDOW_MS = 250;
const NANOSECONDS_PER_MS = 1e6;

let histogram: IntervalHistogram | undefined;
let measuredAt = 0;
let lagMs = 0;

/**
 * Milliseconds by which the event loop was late, on average, over the last quarter of a second or
 * more. Cheap enough to ask for every delta of every stream; measuring begins with the first call.
 */
export function eventLoopLag(): number {
  if (histogram === undefined) {
    histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
  }
  const now = performance.now();
  if (now - measuredAt >= WINDOW_MS) {
    // The histogram holds the time between two ticks of a timer: what is over its interval is lag.
    if (histogram.count > 0) lagMs = Math.max(0, histogram.mean / NANOSECONDS_PER_MS - RESOLUTION_MS);
    histogram.reset();
    measuredAt = now;
  }
  return lagMs;
}
