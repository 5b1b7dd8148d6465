import { Injectable, Optional } from '@nestjs/common';
import { Metrics } from '@parley/platform/observability';
import { Registry } from 'prom-client';
import type { ComponentWork } from './component-work.js';

@Injectable()
export class ComponentMetrics {
  private readonly seconds;

  constructor(@Optional() metrics: Metrics = new Metrics(new Registry())) {
    this.seconds = metrics.histogram({
      name: 'parley_component_seconds',
      help: 'Time that one component spent on one turn.',
      labels: ['component', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    });
  }

  /** One that did not get to work is not counted. */
  observe(work: ComponentWork): void {
    if (work.status !== 'skipped') this.seconds.observe({ component: work.name, status: work.status }, work.seconds);
  }
}
