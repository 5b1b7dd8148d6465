import { Injectable } from '@nestjs/common';
import { Metrics } from '@parley/platform/observability';

export type RunResult = 'completed' | 'failed' | 'cancelled' | 'lost';
export type Transport = 'sse' | 'socket.io' | 'websocket';

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900];

/** What the chat counts; labels are bounded, never ids. */
@Injectable()
export class ChatMetrics {
  private readonly runs: ReturnType<typeof runHistogram>;
  private readonly swept: ReturnType<typeof sweptCounter>;
  private readonly connections = new Map<Transport, number>();

  constructor(metrics: Metrics) {
    this.runs = runHistogram(metrics);
    this.swept = sweptCounter(metrics);
    for (const transport of ['sse', 'socket.io', 'websocket'] as const) {
      metrics.gauge({
        name: `parley_connections_${transport.replace('.', '')}`,
        help: `Open ${transport} connections of this node.`,
        read: () => this.connections.get(transport) ?? 0,
      });
    }
  }

  runEnded(useCase: string, status: RunResult, milliseconds: number): void {
    this.runs.observe({ use_case: useCase, status }, milliseconds / 1000);
  }

  runSwept(): void {
    this.swept.inc();
  }

  /** Returns the function that says the connection is gone. */
  connected(transport: Transport): () => void {
    this.connections.set(transport, (this.connections.get(transport) ?? 0) + 1);
    return () => this.connections.set(transport, (this.connections.get(transport) ?? 1) - 1);
  }
}

function runHistogram(metrics: Metrics) {
  return metrics.histogram({
    name: 'parley_run_duration_seconds',
    help: 'From the beginning of a run on this node to its stored end.',
    labels: ['use_case', 'status'],
    buckets: SECONDS,
  });
}

function sweptCounter(metrics: Metrics) {
  return metrics.counter({
    name: 'parley_runs_swept_total',
    help: 'Runs whose node went away and that were ended here.',
  });
}
