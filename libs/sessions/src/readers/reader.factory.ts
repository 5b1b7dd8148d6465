import { systemActor } from '@parley/auth';
import type { Delta, LogEvent, LogEventType, Snapshot, StatusNotice } from '../log/log-events.js';
import type { ReaderEnd, ReaderSink, ReaderSource } from './reader.types.js';

export const SESSION = 'ses_01ARZ3NDEKTSV4RRFFQ69G5FAV';
export const READING = systemActor('org_1', ['session:read']);

export function eventOf(
  seq: number,
  type: LogEventType = 'session.updated',
  more: { run?: string | null; data?: LogEvent['data'] } = {},
): LogEvent {
  const { run = null, data = {} } = more;
  return { seq, type, session_id: SESSION, run_id: run, at: '2026-11-21T12:00:00.000Z', data };
}

export function deltaOf(offset: number, text: string, more: { run?: string; message?: string } = {}): Delta {
  return { run_id: more.run ?? 'run_1', message_id: more.message ?? 'msg_a', offset, text };
}

export function snapshotOf(text: string, more: { run?: string; message?: string } = {}): Snapshot {
  return { run_id: more.run ?? 'run_1', message_id: more.message ?? 'msg_a', text };
}

/** A log in memory whose pages and live texts a test can hold back. */
export class LogInMemory implements ReaderSource {
  readonly events: LogEvent[] = [];
  running: { runId: string; snapshots: readonly Snapshot[] } | null = null;
  visible = true;
  pageSize = 200;
  pages = 0;
  /** Pages that were asked for and not handed out yet, at most. */
  mostUnderWay = 0;
  private underWay = 0;
  lives = 0;
  /** Awaited after a page was read and before it is handed out. */
  held: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  /** Appends events without telling anybody; returns the last `seq`. */
  append(...types: (LogEventType | { type: LogEventType; run?: string | null; data?: LogEvent['data'] })[]): number {
    for (const one of types) {
      const { type, ...more } = typeof one === 'string' ? { type: one } : one;
      this.events.push(eventOf(this.events.length + 1, type, more));
    }
    return this.events.length;
  }

  async page(_actor: unknown, _session: string, after: number) {
    this.pages += 1;
    const page = this.visible
      ? { events: this.events.slice(after, after + this.pageSize), lastSeq: this.events.length }
      : undefined;
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    await this.held;
    this.underWay -= 1;
    if (this.failure !== undefined) throw this.failure;
    return page;
  }

  async live() {
    this.lives += 1;
    return Promise.resolve(this.running);
  }

  /** Holds pages back until the returned function is called. */
  hold(): () => void {
    let release: () => void = () => undefined;
    this.held = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }
}

/** Writes down what a client would have been sent, and builds its text as a client does. */
export class SinkInMemory implements ReaderSink {
  readonly events: LogEvent[] = [];
  readonly deltas: Delta[] = [];
  readonly snapshots: Snapshot[] = [];
  readonly statuses: StatusNotice[] = [];
  readonly ends: { reason: ReaderEnd; error?: unknown }[] = [];
  /** Everything in the order in which it came, in short. */
  readonly order: string[] = [];
  readonly texts = new Map<string, string>();
  unread = 0;
  /** The most that was unread at once. */
  mostUnread = 0;
  /** What an event adds to what is unread. */
  eventBytes = 0;

  get seqs(): number[] {
    return this.events.map((event) => event.seq);
  }

  event(event: LogEvent): void {
    this.events.push(event);
    this.order.push(`${event.seq}`);
    this.unread += this.eventBytes;
    this.mostUnread = Math.max(this.mostUnread, this.unread);
  }

  /** A client applies a delta only at its own length. */
  delta(delta: Delta): void {
    this.deltas.push(delta);
    this.order.push(`delta ${delta.offset}`);
    const text = this.texts.get(delta.message_id) ?? '';
    if (delta.offset === text.length) this.texts.set(delta.message_id, text + delta.text);
  }

  snapshot(snapshot: Snapshot): void {
    this.snapshots.push(snapshot);
    this.order.push('snapshot');
    this.texts.set(snapshot.message_id, snapshot.text);
  }

  status(notice: StatusNotice): void {
    this.statuses.push(notice);
    this.order.push(notice.status);
  }

  end(reason: ReaderEnd, error?: unknown): void {
    this.ends.push(error === undefined ? { reason } : { reason, error });
    this.order.push(`end ${reason}`);
  }

  buffered(): number {
    return this.unread;
  }
}
