import type { Actor } from '@parley/auth';
import type { Delta, LogEvent, Snapshot, StatusNotice } from '../log/log-events.js';
import type { ReadingQueue } from './reading-queue.js';

export type ReaderEnd = 'run-ended' | 'gone' | 'too-slow' | 'failed';

/** The connection behind a reader. Everything is synchronous: what does not fit is dropped or waits in the log. */
export interface ReaderSink {
  event(event: LogEvent): void;
  delta(delta: Delta): void;
  snapshot(snapshot: Snapshot): void;
  status(notice: StatusNotice): void;
  /** The reader has ended by itself; nothing follows. */
  end(reason: ReaderEnd, error?: unknown): void;
  /** Bytes that the client has not taken yet. */
  buffered(): number;
}

/** Where a reader finds what it has missed. */
export interface ReaderSource {
  /**
   * What follows `after`, of about `maxBytes` at most, but one event at least where there is one. Undefined when the
   * actor may not see the session (any more).
   */
  page(
    actor: Actor,
    sessionId: string,
    after: number,
    maxBytes: number,
  ): Promise<{ events: readonly LogEvent[]; lastSeq: number } | undefined>;
  /** The run under way and what it has written so far; null when nothing runs. */
  live(actor: Actor, sessionId: string): Promise<{ runId: string; snapshots: readonly Snapshot[] } | null>;
}

export interface ReaderOptions {
  readonly actor: Actor;
  readonly sessionId: string;
  /** The last `seq` that the client has. */
  readonly after: number;
  /** Only this run's events; the reader ends after its terminal one. */
  readonly runId?: string;
  /** The caller has just stored everything up to `after` itself: nothing can have been missed. */
  readonly upToDate?: boolean;
  readonly bufferBytes: number;
  /** Shared by all readers that fill the same buffer. */
  readonly queue?: ReadingQueue;
}
