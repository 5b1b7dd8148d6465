import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { INSTALLATION } from '@parley/auth';
import { Bus, type BusSubscription } from '@parley/platform/bus';
import { CONFIG, type Config } from '@parley/platform/config';
import { LogRepository } from '../log/log.repository.js';
import { sessionChannel } from '../log/session-channel.js';
import { DraftsRepository } from '../runs/drafts.repository.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { LiveTexts } from './live-texts.js';
import { Reader } from './reader.js';
import type { ReaderOptions, ReaderSink, ReaderSource } from './reader.types.js';
import { SafetyPoll } from './safety-poll.js';

/** Events per read of the log, be they ever so small. */
const PAGE = 200;
/** Without a bus that carries everything, the log is asked this often, in one query for all readers. */
const POLL_MS = 1000;
/** Text of runs on other nodes is read from their drafts where the bus carries no deltas. */
const DRAFTS_MS = 250;

/** How long a reader waits for the line to other nodes before it begins without. */
const LINE_MS = 1000;

export interface OpenReader {
  close(): void;
}

/** Opens the one kind of reader that stands behind server-sent events, Socket.IO and plain WebSocket. */
@Injectable()
export class Readers implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(Readers.name);
  private readonly bySession = new Map<string, Set<Reader>>();
  private readonly source: ReaderSource;
  private readonly underWay = new Set<string>();
  private timers: NodeJS.Timeout[] = [];
  /**
   * Wakes may be lost also where the bus carries everything and looks well, and are never sent where the answer to a
   * commit was lost: what was appended is there, and nobody here knows of it.
   */
  private readonly safety = new SafetyPoll(() => this.guarded('log', () => this.askLog()));
  private endDoubt: (() => void) | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly log: LogRepository,
    private readonly runs: RunsRepository,
    private readonly drafts: DraftsRepository,
    private readonly texts: LiveTexts,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.source = {
      page: (actor, sessionId, after, maxBytes) => log.stretch(actor, sessionId, after, { limit: PAGE, maxBytes }),
      live: (actor, sessionId) => this.live(actor, sessionId),
    };
  }

  onModuleInit(): void {
    this.endDoubt = this.bus.onDoubt(() => this.wakeAll());
    this.safety.start();
    this.timers = [
      setInterval(() => this.guarded('log', () => this.pollLog()), POLL_MS).unref(),
      setInterval(() => this.guarded('drafts', () => this.tailDrafts()), DRAFTS_MS).unref(),
    ];
  }

  onModuleDestroy(): void {
    this.endDoubt?.();
    this.safety.stop();
    for (const timer of this.timers) clearInterval(timer);
    for (const readers of this.bySession.values()) for (const reader of readers) reader.close();
  }

  open(options: Omit<ReaderOptions, 'bufferBytes'>, sink: ReaderSink): OpenReader {
    let subscription: BusSubscription | undefined;
    const forget = () => {
      subscription?.close();
      this.forget(options.sessionId, reader);
    };
    const reader = new Reader(
      this.source,
      { ...options, bufferBytes: this.config.sockets.buffer_bytes },
      {
        event: (event) => sink.event(event),
        delta: (delta) => sink.delta(delta),
        snapshot: (snapshot) => sink.snapshot(snapshot),
        status: (notice) => sink.status(notice),
        buffered: () => sink.buffered(),
        end: (reason, error) => {
          forget();
          sink.end(reason, error);
        },
      },
    );
    this.remember(options.sessionId, reader);
    subscription = this.bus.subscribe(sessionChannel(options.sessionId), (message, origin) =>
      reader.notice(message, origin),
    );
    this.begin(reader, options, subscription.ready);
    return {
      close: () => {
        reader.close();
        forget();
      },
    };
  }

  /**
   * Who is told that it is up to date hears everything that follows, deltas of other nodes too: so the replay
   * waits until the line to them stands. Not for long: without it, or late, the log is asked.
   */
  private begin(reader: Reader, { upToDate }: Pick<ReaderOptions, 'upToDate'>, ready: Promise<void>): void {
    if (this.bus.mode !== 'redis' || upToDate === true || !this.bus.state().healthy) {
      reader.start();
      if (this.bus.mode === 'redis') void ready.then(() => reader.wake());
      return;
    }
    let begun = false;
    const late = setTimeout(() => {
      begun = true;
      reader.start();
    }, LINE_MS).unref();
    void ready.then(() => {
      clearTimeout(late);
      if (begun) reader.wake();
      else reader.start();
    });
  }

  private async live(actor: ReaderOptions['actor'], sessionId: string) {
    const here = this.texts.of(sessionId);
    if (here !== undefined) return here;
    const running = (await this.runs.running(actor, sessionId)).find((run) => run.status === 'running');
    if (running === undefined) return null;
    const drafts = await this.drafts.of(actor, sessionId);
    return {
      runId: running.id,
      snapshots: drafts.map((draft) => ({ run_id: draft.runId, message_id: draft.messageId, text: draft.text })),
    };
  }

  private async pollLog(): Promise<void> {
    if (this.mustPoll()) await this.askLog();
  }

  /** One statement for all sessions that are followed here. */
  private async askLog(): Promise<void> {
    const followed = [...this.bySession.keys()];
    if (followed.length === 0) return;
    const stands = await this.log.lastSeqs(INSTALLATION, followed);
    const seqs = new Map(stands.map(({ sessionId, lastSeq }) => [sessionId, lastSeq]));
    for (const sessionId of followed) {
      // One that is gone has no number: its readers ask for themselves.
      for (const reader of this.bySession.get(sessionId) ?? []) reader.wake(seqs.get(sessionId));
    }
  }

  private async tailDrafts(): Promise<void> {
    if (this.bySession.size === 0 || !this.mustPoll()) return;
    const remote = [...this.bySession.keys()].filter((sessionId) => this.texts.of(sessionId) === undefined);
    if (remote.length === 0) return;
    for (const draft of await this.drafts.inSessions(INSTALLATION, remote)) {
      const snapshot = { run_id: draft.runId, message_id: draft.messageId, text: draft.text };
      for (const reader of this.bySession.get(draft.sessionId) ?? []) reader.offerSnapshot(snapshot);
    }
  }

  private mustPoll(): boolean {
    return this.bus.mode === 'notify' || (this.bus.mode === 'redis' && !this.bus.state().healthy);
  }

  private wakeAll(): void {
    for (const readers of this.bySession.values()) for (const reader of readers) reader.wake();
  }

  /** One at a time: what a slow database has not answered yet is not asked once more, on one more connection. */
  private guarded(what: string, work: () => Promise<void>): void {
    if (this.underWay.has(what)) return;
    this.underWay.add(what);
    work()
      .catch((error: unknown) => this.logger.warn({ err: error }, `reading the ${what} for waiting readers failed`))
      .finally(() => this.underWay.delete(what));
  }

  private remember(sessionId: string, reader: Reader): void {
    const readers = this.bySession.get(sessionId);
    if (readers === undefined) this.bySession.set(sessionId, new Set([reader]));
    else readers.add(reader);
  }

  private forget(sessionId: string, reader: Reader): void {
    const readers = this.bySession.get(sessionId);
    readers?.delete(reader);
    if (readers?.size === 0) this.bySession.delete(sessionId);
  }
}
