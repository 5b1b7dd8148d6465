import { Injectable, Logger } from '@nestjs/common';
import { type Actor, systemActor } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import { isPassing } from '@parley/platform/database';
import type { AppError } from '@parley/platform/errors';
import { NodeId } from '@parley/platform/lifecycle';
import {
  announceWake,
  type Draft,
  type Ended,
  type Fence,
  FinishRepository,
  type LapsedRun,
  LeaseLost,
  LogRepository,
  type NewAnswer,
  type QueuedRun,
  type RunEnd,
  sessionErrors,
} from '@parley/sessions';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { completedFacts } from './live-run.js';
import { failedResult, problemOf } from './turn-end.js';

/** While the database is away, or somebody holds the session, an answer is kept here for at least a minute. */
const patiently = retry(handleWhen(isPassing), {
  maxAttempts: 30,
  backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 2000 }),
});

/** Stores how runs end, each exactly once. */
@Injectable()
export class RunEnds {
  private readonly logger = new Logger(RunEnds.name);

  constructor(
    private readonly finish: FinishRepository,
    private readonly log: LogRepository,
    private readonly node: NodeId,
    private readonly bus: Bus,
    private readonly clock: Clock,
  ) {}

  /** Undefined when the run is not ours to end any more: swept, or an earlier try did reach the database. */
  store(actor: Actor, attempt: number, end: RunEnd): Promise<Ended | undefined> {
    const fence = { nodeId: this.node.value, attempt, lapsed: false };
    return patiently.execute(() => this.fenced(actor, end, fence));
  }

  /** Ends a run that was begun here but cannot be executed. */
  async refuse(run: QueuedRun, error: AppError): Promise<void> {
    const actor = systemActor(run.orgId, []);
    const end = await patiently.execute(() => this.failed(actor, run, error, []));
    const ended = await this.store(actor, run.attempt, end);
    if (ended !== undefined) announceWake(this.bus, run.sessionId, ended.lastSeq);
  }

  /**
   * Ends a run whose node went away; what it had written down is kept as partial messages. Does not wait: what
   * cannot be had now has the next round.
   */
  async interrupt(run: LapsedRun, drafts: readonly Draft[]): Promise<Ended | undefined> {
    const answers = drafts
      .filter((draft) => draft.text !== '')
      .map(
        (draft): NewAnswer => ({
          id: draft.messageId,
          authorId: draft.authorId,
          authorName: draft.authorName,
          content: draft.text,
          status: 'partial',
          superseded: run.regenerates,
          finishReason: 'interrupted',
          metadata: {},
        }),
      );
    const actor = systemActor(run.orgId, []);
    const end = { ...(await this.failed(actor, run, sessionErrors.RUN_INTERRUPTED(), answers)), hasDrafts: true };
    const fence = { nodeId: run.leaseOwner, attempt: run.attempt, lapsed: true };
    const ended = await this.fenced(actor, end, fence);
    if (ended !== undefined) announceWake(this.bus, run.sessionId, ended.lastSeq);
    return ended;
  }

  private async fenced(actor: Actor, end: RunEnd, fence: Fence): Promise<Ended | undefined> {
    try {
      return await this.finish.end(actor, end, fence);
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      this.logger.warn({ run_id: end.runId }, 'the run was ended elsewhere');
      return undefined;
    }
  }

  /** Whatever component the log knows to have begun ends with its run. */
  private async failed(
    actor: Actor,
    run: { sessionId: string; runId: string; messageId: string; messageSeq: number },
    error: AppError,
    answers: readonly NewAnswer[],
  ): Promise<RunEnd> {
    const { sessionId, runId, messageId, messageSeq } = run;
    const at = this.clock.now();
    const open = await this.log.openComponents(actor, sessionId, runId);
    const results = open.map(({ component, startedAt }) => ({
      component,
      result: failedResult(at.getTime() - startedAt.getTime(), error),
    }));
    return {
      sessionId,
      runId,
      messageId,
      messageSeq,
      status: 'failed',
      error: problemOf(error),
      usage: null,
      componentResults: Object.fromEntries(results.map(({ component, result }) => [component, result])),
      answers,
      events: [
        ...results.map(({ component, result }) => ({
          type: 'component.completed' as const,
          runId,
          messageId: null,
          data: completedFacts(component, result),
        })),
        ...answers.map((answer) => ({ type: 'message.created' as const, runId, messageId: answer.id, data: null })),
        { type: 'run.failed', runId, messageId: null, data: null },
      ],
      calls: [],
      hasDrafts: false,
      writes: [],
      supersedes: false,
      at,
    };
  }
}
