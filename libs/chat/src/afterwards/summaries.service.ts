import { Injectable } from '@nestjs/common';
import { type Actor, systemActor } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { JobQueue } from '@parley/platform/jobs';
import { SummariesRepository } from '@parley/sessions';
import { SummaryWriter, type TurnPlan } from '@parley/use-cases';
import type { BegunRun } from '../runs/begun-run.js';
import { type SummaryOrder, summaryJob } from './summary.job.js';

/** Messages that one call takes in. */
const AT_ONCE = 60;
/** As long as a try of the job may take. */
const CLAIM_MS = 300_000;
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
    await this.jobs.send(summaryJob, { orgId: actor.orgId, sessionId, ...rule });
  }

  /** Written anew from what is left, for the window that it was written for: a source of it was erased. */
  async anew({ orgId }: Actor, sessionId: string, window: number): Promise<void> {
    await this.jobs.send(summaryJob, { orgId, sessionId, window, threshold: null });
  }

  /** The job. Of several for one session one writes; the others have nothing to add. */
  async write(order: SummaryOrder, signal: AbortSignal): Promise<void> {
    const { orgId, sessionId, window, threshold } = order;
    const actor = systemActor(orgId, ['session:update']);
    const now = this.clock.now();
    if (!(await this.summaries.claim(actor, sessionId, window, now, new Date(now.getTime() + CLAIM_MS)))) return;
    try {
      if (threshold !== null && !(await this.summaries.due(actor, sessionId, null, { window, threshold }))) return;
      await this.renew(actor, order, signal);
    } finally {
      await this.summaries.letGo(actor, sessionId);
    }
  }

  /** Each step is stored, so that a later try goes on where an earlier one broke off. */
  private async renew(actor: Actor, { sessionId, window }: SummaryOrder, signal: AbortSignal): Promise<void> {
    let stale = 0;
    while (stale < MOST_STALE) {
      signal.throwIfAborted();
      const from = await this.summaries.material(actor, sessionId, window, AT_ONCE);
      if (from === undefined) return;
      const { previous, messages } = from;
      const written = await this.writer.write(actor, { previous: previous?.content ?? null, messages, signal });
      const { summary: content, call } = written;
      const stored = await this.summaries.set(actor, sessionId, { content, from, window, call, at: this.clock.now() });
      if (!stored) stale += 1;
      else if (messages.length < AT_ONCE) return;
    }
    throw new Error('what was to be summed up changed again and again');
  }
}
