import type { BusMessage } from '@parley/platform/bus';
import { type Delta, isRunEnd, type LogEvent, type Snapshot } from '../log/log-events.js';
import { hear, type SessionSignal } from '../log/session-channel.js';
import type { ReaderEnd, ReaderOptions, ReaderSink, ReaderSource } from './reader.types.js';
import { StatusLine } from './status-line.js';
import { StreamedTexts } from './streamed-texts.js';

/** How long a client may keep its buffer full before the line is closed. */
const STALL_MS = 10_000;
const DRAIN_CHECK_MS = 25;
/** The log is read in pieces of which each fits into what is free; no piece is larger than this. */
const PAGE_BYTES = 262_144;
const PAGE_SHARE = 4;
/** Signals kept while the log is being read; beyond, a snapshot repairs. */
const MOST_PENDING = 512;
/** Between two repairs: text of another node is written down every 250 ms, so asking at once finds no more of it. */
const REPAIR_PAUSE_MS = 100;

/**
 * One connection's view of one session: replays the log from the client's cursor, then follows it.
 * Messages of the bus are hints; whenever they do not continue exactly where the reader stands, it
 * asks the log.
 */
export class Reader {
  private cursor: number;
  /** The greatest number that a wake has named. */
  private heard: number;
  /** Somebody says that wakes may have been missed. */
  private doubt = false;
  private pumping = false;
  private closed = false;
  private live = false;
  private repair = false;
  private repairedAt = Number.NEGATIVE_INFINITY;
  private repairTimer: NodeJS.Timeout | undefined;
  private pending: Exclude<SessionSignal, { kind: 'gone' }>[] = [];
  private readonly texts = new StreamedTexts();
  private readonly status: StatusLine;
  private readonly pageBytes: number;

  constructor(
    private readonly source: ReaderSource,
    private readonly options: ReaderOptions,
    private readonly sink: ReaderSink,
  ) {
    this.cursor = options.after;
    this.heard = options.after;
    this.pageBytes = Math.min(PAGE_BYTES, Math.floor(options.bufferBytes / PAGE_SHARE));
    this.status = new StatusLine((notice) => sink.status(notice));
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Replays, then goes live. To be called once, after the channel is subscribed. */
  start(): void {
    if (this.options.upToDate === true) {
      this.live = true;
    } else {
      this.repair = true;
      this.wake();
    }
  }

  close(): void {
    this.closed = true;
    this.pending = [];
    clearTimeout(this.repairTimer);
  }

  /** Something on the session's channel. */
  notice(message: BusMessage, origin: 'local' | 'remote'): void {
    if (this.closed) return;
    const { wake, fresh, signal } = hear(message, origin);
    if (fresh !== undefined && this.live && !this.pumping) this.deliverFresh(fresh);
    if (wake !== undefined) this.wake(wake);
    if (signal !== undefined) this.signal(signal);
  }

  /** The log stands at `seq`, or (without a number) nobody knows where: ask it. */
  wake(seq?: number): void {
    if (this.closed) return;
    if (seq === undefined) this.doubt = true;
    else this.heard = Math.max(this.heard, seq);
    if (this.isBehind()) void this.pump();
  }

  private isBehind(): boolean {
    return this.doubt || this.heard > this.cursor;
  }

  /** The text so far of a run on another node, read from its drafts. */
  offerSnapshot(snapshot: Snapshot): void {
    if (this.closed || this.pumping || !this.live || this.isFull()) return;
    const grown = this.texts.growth(snapshot);
    if (grown !== null) this.applyDelta(grown);
  }

  private deliverFresh(events: readonly LogEvent[]): void {
    for (const event of events) {
      if (this.closed || event.seq !== this.cursor + 1 || this.isFull()) return;
      this.deliver(event);
    }
  }

  private deliver(event: LogEvent): void {
    this.cursor = event.seq;
    if (this.options.runId !== undefined && event.run_id !== this.options.runId) return;
    this.texts.settle(event);
    this.sink.event(event);
    this.status.event(event, this.live);
    if (this.options.runId !== undefined && isRunEnd(event.type)) this.finish('run-ended');
  }

  private async pump(): Promise<void> {
    if (this.pumping || this.closed) return;
    this.pumping = true;
    try {
      await this.catchUp();
    } catch (error) {
      this.finish('failed', error);
    } finally {
      this.pumping = false;
    }
    if (this.closed) return;
    // A wake may have come while the last page was on its way.
    if (this.isBehind()) void this.pump();
    else if (this.repair) this.planRepair();
  }

  private async catchUp(): Promise<void> {
    while (this.isBehind() && !this.closed) await this.inTurn(() => this.readOn());
    if (this.repair && !this.closed) await this.inTurn(() => this.sendSnapshots());
    this.live = true;
    for (const signal of this.pending.splice(0)) this.applySignal(signal);
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    const { queue } = this.options;
    const withRoom = async () => {
      if (await this.hasRoom()) await work();
    };
    await (queue === undefined ? withRoom() : queue.run(withRoom));
  }

  private async readOn(): Promise<void> {
    // Numbers from before the page are answered by it, true or void; those heard while it is read stand.
    this.doubt = false;
    this.heard = this.cursor;
    const { actor, sessionId } = this.options;
    const page = await this.source.page(actor, sessionId, this.cursor, this.pageBytes);
    if (page === undefined) this.finish('gone');
    else this.deliverPage(page);
  }

  private deliverPage({ events, lastSeq }: { events: readonly LogEvent[]; lastSeq: number }): void {
    // A client that claims to have more than there is follows the log from its end.
    if (lastSeq < this.cursor) this.cursor = lastSeq;
    for (const event of events) {
      // What else fills the buffer has not waited for the page: the rest of it is read again when there is room.
      if (this.closed || this.isFull()) break;
      this.deliver(event);
    }
    this.heard = Math.max(this.heard, lastSeq);
  }

  private async sendSnapshots(): Promise<void> {
    this.repair = false;
    this.repairedAt = performance.now();
    const live = await this.source.live(this.options.actor, this.options.sessionId);
    if (this.closed) return;
    const ours = live !== null && this.concerns(live.runId) ? live : null;
    const snapshots = ours === null || this.status.isOver(ours.runId) ? [] : ours.snapshots;
    for (const snapshot of snapshots) if (this.texts.reset(snapshot)) this.sink.snapshot(snapshot);
    this.status.settle(
      ours?.runId ?? null,
      snapshots.some((snapshot) => snapshot.text !== ''),
    );
  }

  private signal(signal: SessionSignal): void {
    if (signal.kind === 'gone') this.wake();
    else if (!this.pumping && this.live) this.applySignal(signal);
    else if (this.pending.length < MOST_PENDING && !this.isFull()) this.pending.push(signal);
    else this.repair = true;
  }

  private applySignal(signal: Exclude<SessionSignal, { kind: 'gone' }>): void {
    switch (signal.kind) {
      case 'delta':
        this.applyDelta(signal.delta);
        break;
      case 'typing':
        if (signal.principalId === this.options.actor.principalId || this.isFull()) break;
        this.sink.status({
          status: signal.isTyping ? 'typing' : 'ready',
          run_id: null,
          metadata: { user_id: signal.principalId },
        });
    }
  }

  private applyDelta(delta: Delta): void {
    if (this.closed || !this.concerns(delta.run_id) || this.status.isOver(delta.run_id)) return;
    const step = this.isFull() ? 'gap' : this.texts.accept(delta);
    if (step === 'gap') this.askRepair();
    else if (step !== 'known') {
      this.status.delta(delta.run_id);
      this.sink.delta(step);
    }
  }

  private concerns(runId: string): boolean {
    return this.options.runId === undefined || this.options.runId === runId;
  }

  private askRepair(): void {
    this.repair = true;
    // A pump looks for itself when it is done.
    if (!this.pumping) this.planRepair();
  }

  private planRepair(): void {
    if (this.repairTimer !== undefined) return;
    const wait = this.repairedAt + REPAIR_PAUSE_MS - performance.now();
    if (wait <= 0) {
      void this.pump();
      return;
    }
    this.repairTimer = setTimeout(() => {
      this.repairTimer = undefined;
      void this.pump();
    }, wait).unref();
  }

  private isFull(): boolean {
    return this.sink.buffered() > this.options.bufferBytes;
  }

  /** Waits until the client has taken enough for a page to fit; false when it does not, or the reader is closed. */
  private async hasRoom(): Promise<boolean> {
    let since = performance.now();
    let least = Number.POSITIVE_INFINITY;
    while (this.sink.buffered() > this.options.bufferBytes - this.pageBytes && !this.closed) {
      const unread = this.sink.buffered();
      // A thin line is no dead one: who takes something, however little, is waited for.
      if (unread < least) since = performance.now();
      least = Math.min(least, unread);
      if (performance.now() - since > STALL_MS) this.finish('too-slow');
      await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK_MS).unref());
    }
    return !this.closed;
  }

  private finish(reason: ReaderEnd, error?: unknown): void {
    if (this.closed) return;
    this.close();
    this.sink.end(reason, error);
  }
}
