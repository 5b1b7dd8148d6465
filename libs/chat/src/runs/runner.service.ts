import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { CONFIG, type Config } from '@parley/platform/config';
import { AppError, platformErrors } from '@parley/platform/errors';
import { runWithContext } from '@parley/platform/observability';
import { HistoryRepository, type HistoryRow, type RunEnd, sessionErrors } from '@parley/sessions';
import { type HistoryMessage, TurnEngine, TurnFailure, type TurnOutcome } from '@parley/use-cases';
import type { BegunRun } from './begun-run.js';
import type { LiveRun } from './live-run.js';
import { RunBroadcast } from './run-broadcast.service.js';
import { RunEnds } from './run-ends.service.js';
import { brokenEnd, completedEnd } from './turn-end.js';

export type CompletionListener = (run: BegunRun) => void;
export type WorkListener = (orgId: string, sessionId: string) => void;

/** Executes the runs of this node. A run outlives whoever asked for it; nothing here holds a connection. */
@Injectable()
export class Runner {
  private readonly logger = new Logger(Runner.name);
  private readonly active = new Map<string, { live: LiveRun; done: Promise<void> }>();
  /** Places held for runs that may begin here: their first transaction is under way. */
  private readonly held = new Set<Promise<unknown>>();
  /** Set when this node begins to leave; aborted when runs have no more time. */
  private leaving: AbortSignal | undefined;
  private workWaits: WorkListener = () => undefined;
  private completed: CompletionListener = () => undefined;

  constructor(
    private readonly engine: TurnEngine,
    private readonly history: HistoryRepository,
    private readonly broadcast: RunBroadcast,
    private readonly ends: RunEnds,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Holds a place for the run that `take` may begin, so that neither the bound nor a node that leaves overlooks
   * what is still in its first transaction.
   * @param take is told whether there is a place
   */
  async holdPlace<T>(take: (hasRoom: boolean) => Promise<T>): Promise<T> {
    if (!this.hasRoom) return take(false);
    const taken = take(true);
    this.held.add(taken);
    try {
      return await taken;
    } finally {
      this.held.delete(taken);
    }
  }

  /** Not where this node is full or leaving. */
  get hasRoom(): boolean {
    return this.leaving === undefined && this.active.size + this.held.size < this.config.runs.max_running_per_node;
  }

  get runIds(): string[] {
    return [...this.active.keys()];
  }

  executes(runId: string): boolean {
    return this.active.has(runId);
  }

  /** Called when a session's run has ended and others wait in it. */
  onWaitingWork(listener: WorkListener): void {
    this.workWaits = listener;
  }

  onCompleted(listener: CompletionListener): void {
    this.completed = listener;
  }

  /** Starts to execute a run that this node has just begun. Never throws, is never awaited. */
  begin(run: BegunRun): void {
    const live = this.broadcast.open(run);
    if (this.leaving?.aborted === true) live.stop(sessionErrors.RUN_INTERRUPTED());
    const done = runWithContext({ correlationId: run.correlationId ?? run.runId }, () => this.execute(live));
    this.active.set(run.runId, { live, done });
  }

  /** False when the run is not executed here. */
  stop(runId: string, reason: AppError): boolean {
    const running = this.active.get(runId);
    running?.live.stop(reason);
    return running !== undefined;
  }

  /** Stops whatever runs here for a principal. */
  stopAllOf(principalId: string, reason: AppError): void {
    for (const { live } of this.active.values()) if (live.run.actor.principalId === principalId) live.stop(reason);
  }

  /** Takes nothing new, lets what runs end until the deadline, then ends the rest honestly. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.leaving = deadline;
    deadline.addEventListener('abort', () => {
      for (const { live } of this.active.values()) live.stop(sessionErrors.RUN_INTERRUPTED());
    });
    // Whoever holds a place may still begin a run with it.
    while (this.held.size + this.active.size > 0) {
      await Promise.allSettled([...this.held, ...[...this.active.values()].map(({ done }) => done)]);
    }
  }

  private async execute(live: LiveRun): Promise<void> {
    const { run } = live;
    const timeLimit = setTimeout(() => live.stop(sessionErrors.RUN_TIMEOUT()), run.plan.wallClockMs);
    try {
      const end = await this.answer(live);
      await this.end(live, end);
    } catch (error) {
      this.logger.error({ err: error, run_id: run.runId }, 'a run could not be ended here; its lease will lapse');
    } finally {
      clearTimeout(timeLimit);
      this.broadcast.close(live);
      this.active.delete(run.runId);
    }
  }

  private async answer(live: LiveRun): Promise<RunEnd> {
    try {
      return completedEnd(live, await this.turn(live), this.clock.now());
    } catch (error) {
      const outcome = error instanceof TurnFailure ? error.outcome : {};
      return brokenEnd(live, live.stoppedBy ?? this.reason(live, error), outcome, this.clock.now());
    }
  }

  private async turn(live: LiveRun): Promise<TurnOutcome> {
    const { run } = live;
    const { plan } = run;
    const { actor, sessionId, messageSeq } = run;
    const history = run.history ?? (await this.history.before(actor, sessionId, messageSeq, plan.historyLimit));
    const summary = plan.summary === null ? undefined : await this.history.summaryBefore(actor, sessionId, messageSeq);
    return this.engine.run(
      {
        actor: run.actor,
        sessionId: run.sessionId,
        runId: run.runId,
        plan,
        context: run.context,
        message: { id: run.messageId, content: run.content },
        history: history.flatMap(toHistory),
        ...(summary === undefined ? {} : { summary }),
        ...(run.actor.timeZone === null ? {} : { timeZone: run.actor.timeZone }),
        ...(run.correlationId === null ? {} : { correlationId: run.correlationId }),
        signal: live.signal,
        deadline: Date.now() + plan.wallClockMs,
      },
      live,
    );
  }

  private reason(live: LiveRun, error: unknown): AppError {
    if (error instanceof TurnFailure) return error.error;
    if (error instanceof AppError) return error;
    this.logger.error({ err: error, run_id: live.run.runId }, 'a run failed for a reason of our own');
    return platformErrors.INTERNAL({ cause: error });
  }

  private async end(live: LiveRun, end: RunEnd): Promise<void> {
    await this.broadcast.settle(live);
    const ended = await this.ends.store(live.run.actor, live.run.attempt, end);
    this.broadcast.close(live);
    if (ended === undefined) {
      this.broadcast.announceUnknownEnd(live);
      return;
    }
    this.broadcast.announceEnd(live, end, ended);
    if (end.status === 'completed') this.completed(live.run);
    if (ended.queued > 0) this.workWaits(live.run.actor.orgId, live.run.sessionId);
  }
}

function toHistory(row: HistoryRow): HistoryMessage[] {
  if (row.role !== 'user' && row.role !== 'assistant') return [];
  return [{ id: row.id, role: row.role, content: row.content, interrupted: row.status === 'partial' }];
}
