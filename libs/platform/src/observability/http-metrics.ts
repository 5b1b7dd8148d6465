import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { Metrics } from './metrics.js';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Requests by method, route template and class of status. */
@Injectable()
export class HttpMetrics {
  private readonly requests: Counter<'method' | 'route' | 'status'>;
  private readonly durations: Histogram<'method' | 'route'>;

  constructor(metrics: Metrics) {
    this.requests = metrics.counter({
      name: 'parley_http_requests_total',
      help: 'Requests answered.',
      labels: ['method', 'route', 'status'],
    });
    this.durations = metrics.histogram({
      name: 'parley_http_request_duration_seconds',
      help: 'Time from the last header of the request to the last byte of the answer.',
      labels: ['method', 'route'],
      buckets: SECONDS,
    });
  }

  /** @param route the template, or `unrouted` */
  count(method: string, route: string, status: number, seconds: number): void {
    this.requests.inc({ method, route, status: `${Math.trunc(status / 100)}xx` });
    this.durations.observe({ method, route }, seconds);
  }
}
