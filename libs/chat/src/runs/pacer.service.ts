import { performance } from 'node:perf_hooks';
import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { INSTALLATION } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { CONFIG, type Config } from '@parley/platform/config';
import { announceSignal, type DraftPiece, DraftsRepository, LiveTexts } from '@parley/sessions';
import type { LiveMessage, LiveRun } from './live-run.js';

/** How often the event loop's use is read. */
const SAMPLE_MS = 250;
/** Below this share of busy time deltas go out as often as allowed, above the other as seldom. */
const CALM = 0.5;
const BUSY = 0.9;
/** How often runs are checked for a delta that is due. */
const TICK_MS = 10;
/**
 * Deltas that go out in a row: a thousand at once would keep the event loop for a tenth of a second, most of
 * it in the system calls that follow.
 */
const SLICE = 32;

/**
 * Sends text on its way: the first delta of a run at once, then one per 25–250 ms and run, wider as
 * the event loop gets busier; and writes it down every 250 ms, in one statement for all runs.
 */
@Injectable()
export class Pacer implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(Pacer.name);
  private readonly dirty = new Set<LiveRun>();
  private readonly unsaved = new Set<LiveRun>();
  private timer: NodeJS.Timeout | undefined;
  private next: NodeJS.Immediate | undefined;
  private timers: NodeJS.Timeout[] = [];
  private interval: number;
  private utilisation = performance.eventLoopUtilization();
  private saving: Promise<void> | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly texts: LiveTexts,
    private readonly drafts: DraftsRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.interval = config.runs.delta_min_ms;
  }

  onModuleInit(): void {
    this.timers = [
      setInterval(() => this.measure(), SAMPLE_MS).unref(),
      setInterval(() => this.checkpoint(), this.config.runs.checkpoint_ms).unref(),
    ];
  }

  onModuleDestroy(): void {
    for (const timer of this.timers) clearInterval(timer);
    clearTimeout(this.timer);
    clearImmediate(this.next);
  }

  textGrew(live: LiveRun): void {
    if (performance.now() >= live.dueAt) this.send(live);
    else this.later(live);
  }

  /**
   * Sends what is left, and waits for what of it is being written down just now: the end of the run, which removes its
   * drafts, would not see those. To be called before the run's end is stored.
   */
  async settle(live: LiveRun): Promise<void> {
    this.send(live);
    this.unsaved.delete(live);
    if (!live.hasDrafts) return;
    await this.saving;
    this.unsaved.delete(live);
  }

  private later(live: LiveRun): void {
    this.dirty.add(live);
    if (this.next === undefined) this.timer ??= setTimeout(() => this.tick(), TICK_MS);
  }

  private tick(): void {
    this.timer = undefined;
    this.next = undefined;
    const now = performance.now();
    let sent = 0;
    for (const live of this.dirty) {
      if (now < live.dueAt) continue;
      if (sent === SLICE) {
        // Whatever else has come meanwhile is served before the next ones.
        this.next = setImmediate(() => this.tick());
        return;
      }
      this.send(live);
      sent += 1;
    }
    if (this.dirty.size > 0) this.timer = setTimeout(() => this.tick(), TICK_MS);
  }

  private send(live: LiveRun): void {
    this.dirty.delete(live);
    const { sessionId, runId } = live.run;
    for (const message of live.messages) {
      const { messageId, sent: offset, unsent: text } = message;
      if (text === '') continue;
      if (offset === 0) this.texts.add(sessionId, message);
      message.sent += text.length;
      message.unsent = '';
      message.unsaved += text;
      this.unsaved.add(live);
      announceSignal(this.bus, sessionId, {
        kind: 'delta',
        delta: { run_id: runId, message_id: messageId, offset, text },
      });
    }
    live.dueAt = performance.now() + this.interval;
  }

  private measure(): void {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.utilisation);
    this.utilisation = now;
    const { delta_min_ms: least, delta_max_ms: most } = this.config.runs;
    const share = Math.min(1, Math.max(0, (utilization - CALM) / (BUSY - CALM)));
    this.interval = least + share * Math.max(0, most - least);
  }

  private checkpoint(): void {
    if (this.saving !== undefined || this.unsaved.size === 0) return;
    this.saving = this.save()
      .catch((error: unknown) => this.logger.warn({ err: error }, 'streamed text could not be written down'))
      .finally(() => {
        this.saving = undefined;
      });
  }

  private async save(): Promise<void> {
    const runs = [...this.unsaved];
    this.unsaved.clear();
    const ends = new Map<LiveMessage, number>();
    const pieces: DraftPiece[] = [];
    for (const live of runs) {
      live.hasDrafts = true;
      for (const message of live.messages) {
        // Never more than was shown: what survives a killed node is a prefix of it.
        if (message.unsaved === '') continue;
        pieces.push(piece(live, message));
        ends.set(message, message.sent);
      }
    }
    if (pieces.length === 0) return;
    try {
      await this.drafts.save(INSTALLATION, pieces);
    } catch (error) {
      // The next checkpoint tries again, also where the model says nothing more.
      for (const live of runs) this.unsaved.add(live);
      throw error;
    }
    for (const [message, end] of ends) {
      message.unsaved = message.unsaved.slice(end - message.saved);
      message.saved = end;
    }
  }
}

function piece(live: LiveRun, message: LiveMessage): DraftPiece {
  const { actor, sessionId, runId } = live.run;
  const { messageId, authorId, authorName, saved, unsaved } = message;
  return {
    orgId: actor.orgId,
    sessionId,
    runId,
    messageId,
    authorId,
    authorName,
    offset: saved,
    text: unsaved,
  };
}
