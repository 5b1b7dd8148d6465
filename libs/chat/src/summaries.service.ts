import { Injectable } from '@nestjs/common';
import { systemActor } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { JobQueue } from '@parley/platform/jobs';
import { SummariesRepository } from '@parley/sessions';
import { SummaryWriter, type TurnPlan } from '@parley/use-cases';
import type { BegunRun } from './begun-run.js';
import { summaryJob } from './summary.job.js';

/** Messages that one call takes in. */
const AT_ONCE = 60;
/** A summary whose material changes under the writer's hands so often is left to the next try of the job. */
const MOST_STALE = 3;

/** What is older than the window of history is kept as one rolling summary, by a job that nobody waits for. */
@Injectable()
export class Summaries {
  constructor(
    private readonly summaries: SummariesRepository,
    private readonly writer: SummaryWriter,
    private readonly jobs: JobQueue,
    private readonly clock: Clock,
  ) {}

  /** Looks whether enough has left the window since the last time. Nothing is kept of a trial. */
  async afterRun(run: BegunRun, rule: NonNullable<TurnPlan['summary']>): Promise<void> {
    const { actor, sessionId, messageSeq } = run;
    if (actor.kind === 'trial' || !(await this.summaries.due(actor, sessionId, messageSeq, rule))) return;
    await this.order(actor.orgId, sessionId, rule.window);
  }

  /** To be written, or written anew where a source of it was erased. */
  async order(orgId: string, sessionId: string, window: number): Promise<void> {
    await this.jobs.send(summaryJob, { orgId, sessionId, window });
  }

  /** The job. Each step is stored, so that a later try goes on where an earlier one broke off. */
  async write(orgId: string, sessionId: string, window: number, signal: AbortSignal): Promise<void> {
    const actor = systemActor(orgId, ['session:update']);
    let stale = 0;
    while (stale < MOST_STALE) {
      signal.throwIfAborted();
      const from = await this.summaries.material(actor, sessionId, window, AT_ONCE);
      if (from === undefined) return;
      const { previous, messages } = from;
      const written = await this.writer.write(actor, { previous: previous?.content ?? null, messages, signal });
      const at = this.clock.now();
      const { summary: content, call } = written;
      if (!(await this.summaries.set(actor, sessionId, { content, from, window, call, at }))) stale += 1;
    }
    throw new Error('what was to be summed up changed again and again');
  }
}
