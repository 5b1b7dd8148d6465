import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { JobQueue } from '@parley/platform/jobs';
import type { BegunRun } from '../runs/begun-run.js';
import { Runner } from '../runs/runner.service.js';
import { Summaries } from './summaries.service.js';
import { summaryJob } from './summary.job.js';
import { titleJob } from './title.job.js';
import { Titles } from './titles.service.js';

/** What a turn leaves to the job queue, and who does it. */
@Injectable()
export class ChatJobs implements OnModuleInit {
  private readonly logger = new Logger(ChatJobs.name);

  constructor(
    private readonly jobs: JobQueue,
    private readonly titles: Titles,
    private readonly summaries: Summaries,
    private readonly runner: Runner,
  ) {}

  onModuleInit(): void {
    this.jobs.work(titleJob, ({ orgId, sessionId }, { signal }) => this.titles.write(orgId, sessionId, signal));
    this.jobs.work(summaryJob, (order, { signal }) => this.summaries.write(order, signal));
    this.runner.onCompleted((run) => {
      if (run.untitled) this.beginTitle(run);
      if (run.plan.summary !== null) this.orderSummary(run, run.plan.summary);
    });
  }

  private beginTitle({ actor, sessionId, plan }: BegunRun): void {
    this.titles.begin(actor, sessionId, plan.autoTitle).catch((error: unknown) => {
      // The session stays untitled; its next completed run tries again.
      this.logger.warn({ err: error }, 'a title could not be written');
    });
  }

  private orderSummary(run: BegunRun, rule: NonNullable<BegunRun['plan']['summary']>): void {
    this.summaries.afterRun(run, rule).catch((error: unknown) => {
      // What has left the window is still there: the next completed run looks again.
      this.logger.warn({ err: error }, 'a summary could not be ordered');
    });
  }
}
