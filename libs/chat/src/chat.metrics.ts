import { Counter, Gauge, Histogram } from 'prom-client';

const duration = new Histogram({
  name: 'parley_run_duration_seconds',
  help: 'From the beginning of a run on this node to its stored end.',
  labelNames: ['use_case', 'status'] as const,
  buckets: [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900],
});
const swept = new Counter({
  name: 'parley_runs_swept_total',
  help: 'Runs whose node went away and that were ended here.',
});
const streams = new Gauge({
  name: 'parley_readers',
  help: 'Connections that follow a session on this node.',
  labelNames: ['transport'] as const,
});

export type RunResult = 'completed' | 'failed' | 'cancelled' | 'lost';

export function observeRun(useCase: string, status: RunResult, milliseconds: number): void {
  duration.observe({ use_case: useCase, status }, milliseconds / 1000);
}

export function countSwept(): void {
  swept.inc();
}

export type Transport = 'sse' | 'socket.io' | 'websocket';

/** Returns the function that says the reader is gone. */
export function countReader(transport: Transport): () => void {
  streams.inc({ transport });
  return () => streams.dec({ transport });
}
