import { Injectable, Optional } from '@nestjs/common';
import { type Counter, type Gauge, type Histogram, Registry } from 'prom-client';
import { Metrics } from '../observability/index.js';
import type { JobCounts } from './jobs.repository.js';

/** `retried`: failed and due again; `dead`: failed for good; `handed_back`: this node left meanwhile. */
export type JobResult = 'completed' | 'retried' | 'dead' | 'handed_back';

@Injectable()
export class JobsMetrics {
  private readonly total: Counter<'job' | 'result'>;
  private readonly duration: Histogram<'job'>;
  private readonly waiting: Gauge<'job'>;
  private readonly dead: Gauge<'job'>;

  /** @param metrics absent where nobody can read them (commands). */
  constructor(@Optional() metrics: Metrics = new Metrics(new Registry())) {
    this.total = metrics.counter({
      name: 'parley_jobs_total',
      help: 'Tries of jobs that ended, by how.',
      labels: ['job', 'result'],
    });
    this.duration = metrics.histogram({
      name: 'parley_job_duration_seconds',
      help: 'Time that a try took.',
      labels: ['job'],
      buckets: [0.01, 0.05, 0.25, 1, 5, 30, 120, 600],
    });
    this.waiting = metrics.gauge({ name: 'parley_jobs_waiting', help: 'Jobs that could run now.', labels: ['job'] });
    this.dead = metrics.gauge({ name: 'parley_jobs_dead', help: 'Dead letters.', labels: ['job'] });
  }

  ended(job: string, result: JobResult, seconds: number): void {
    this.total.inc({ job, result });
    this.duration.observe({ job }, seconds);
  }

  backlog(counts: readonly JobCounts[]): void {
    for (const { job, waiting, dead } of counts) {
      this.waiting.set({ job }, waiting);
      this.dead.set({ job }, dead);
    }
  }
}
