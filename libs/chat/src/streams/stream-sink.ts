import { type Problem, platformErrors, toProblem } from '@parley/platform/errors';
import type { EventStream } from '@parley/platform/http';
import {
  type Delta,
  type LogEvent,
  type ReaderEnd,
  type ReaderSink,
  type Snapshot,
  type StatusNotice,
  sessionErrors,
} from '@parley/sessions';
import { eventJson } from './event-json.js';

/** A reader's events as server-sent events: each logged one has its `seq` as id, to resume after. */
export class StreamSink implements ReaderSink {
  constructor(
    private readonly stream: EventStream,
    private readonly context: { readonly sessionId: string; readonly correlationId?: string },
  ) {}

  event(event: LogEvent): void {
    this.stream.write({ id: event.seq, event: event.type, data: eventJson(event) });
  }

  delta(delta: Delta): void {
    this.stream.write({ event: 'delta', data: JSON.stringify(delta) });
  }

  snapshot(snapshot: Snapshot): void {
    this.stream.write({ event: 'snapshot', data: JSON.stringify(snapshot) });
  }

  status(notice: StatusNotice): void {
    this.stream.write({ event: 'status', data: JSON.stringify(notice) });
  }

  buffered(): number {
    return this.stream.buffered();
  }

  end(reason: ReaderEnd, error?: unknown): void {
    if (reason === 'too-slow') this.stream.destroy();
    else if (reason === 'run-ended') this.stream.end();
    else this.fail(endProblem(reason, error, this.context));
  }

  /** The last event of a stream that ends against its reader's will. */
  fail(problem: Problem): void {
    this.stream.write({ event: 'error', data: JSON.stringify(problem) });
    this.stream.end();
  }
}

/** What a reader that ended by itself says to its client. */
export function endProblem(
  reason: ReaderEnd,
  error: unknown,
  context: { sessionId: string; correlationId?: string },
): Problem {
  const { sessionId, ...rest } = context;
  const thrown =
    reason === 'gone' ? platformErrors.NOT_FOUND() : reason === 'too-slow' ? sessionErrors.READER_TOO_SLOW() : error;
  return { ...toProblem(thrown, rest), session_id: sessionId };
}
