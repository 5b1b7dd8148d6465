import { Injectable, Logger } from '@nestjs/common';
import { Bus } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import {
  AppendRepository,
  announceEvents,
  announceWake,
  type Ended,
  endedEvents,
  LiveTexts,
  type RunEnd,
} from '@parley/sessions';
import { ChatMetrics } from '../chat.metrics.js';
import type { BegunRun } from './begun-run.js';
import { LiveRun, type LiveRunListener } from './live-run.js';
import { Pacer } from './pacer.service.js';

/** Lets a run be heard: text through the pacer, components through the log, its end to whoever listens. */
@Injectable()
export class RunBroadcast implements LiveRunListener {
  private readonly logger = new Logger(RunBroadcast.name);
  private readonly appending = new WeakMap<LiveRun, Promise<void>>();

  constructor(
    private readonly pacer: Pacer,
    private readonly appends: AppendRepository,
    private readonly texts: LiveTexts,
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly metrics: ChatMetrics,
  ) {}

  open(run: BegunRun): LiveRun {
    this.texts.begin(run.sessionId, run.runId);
    return new LiveRun(run, this);
  }

  textGrew(live: LiveRun): void {
    this.pacer.textGrew(live);
  }

  /** One after the other, in the order in which the components spoke. */
  component(live: LiveRun, type: 'component.started' | 'component.completed', data: Record<string, unknown>): void {
    const before = this.appending.get(live) ?? Promise.resolve();
    this.appending.set(
      live,
      before.then(() => this.append(live, type, data)),
    );
  }

  /** Everything that was said before the end is out. */
  async settle(live: LiveRun): Promise<void> {
    await this.pacer.settle(live);
    await this.appending.get(live);
  }

  close(live: LiveRun): void {
    this.texts.end(live.run.sessionId, live.run.runId);
  }

  announceEnd(live: LiveRun, end: RunEnd, ended: Ended): void {
    this.metrics.runEnded(live.run.plan.useCase, end.status, performance.now() - live.begunAt);
    announceEvents(this.bus, live.run.sessionId, ended.lastSeq, endedEvents(live.run, end, ended));
  }

  /** The run ended without us knowing its last events: readers ask the log. */
  announceUnknownEnd(live: LiveRun): void {
    this.metrics.runEnded(live.run.plan.useCase, 'lost', performance.now() - live.begunAt);
    announceWake(this.bus, live.run.sessionId, Number.MAX_SAFE_INTEGER);
  }

  private async append(
    live: LiveRun,
    type: 'component.started' | 'component.completed',
    data: Record<string, unknown>,
  ): Promise<void> {
    const { actor, sessionId, runId } = live.run;
    try {
      const seq = await this.appends.append(
        actor,
        sessionId,
        runId,
        [{ type, runId, messageId: null, data }],
        this.clock.now(),
      );
      if (seq !== undefined) announceWake(this.bus, sessionId, seq);
    } catch (error) {
      // The run's results hold the same facts; its last transaction fails or succeeds on its own.
      this.logger.warn({ err: error, run_id: runId }, 'a component event could not be appended');
    }
  }
}
