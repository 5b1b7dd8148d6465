import type { ServerResponse } from 'node:http';
import { liftDeadline } from '../edge/request-facts.js';
import { streamText } from './stream-text.js';

export const EVENT_STREAM_TYPE = 'text/event-stream';

/** A server-sent event; `data` is JSON text of one line. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** Only what a client may resume after: a log's `seq`. */
  readonly id?: string | number;
}

export interface EventStreamOptions {
  /** Seconds between comment lines that keep the connection open. */
  readonly heartbeatSeconds: number;
  /** Called once, when either side has closed. */
  readonly onClose?: () => void;
}

/** The writing end of one server-sent event stream. Whoever writes decides what a slow reader gets. */
export interface EventStream {
  /** Writes at once. @returns bytes that the reader has not taken yet, this one included */
  write(event: StreamEvent): number;
  /** Bytes that the reader has not taken yet. */
  buffered(): number;
  /** Ends the stream after what was written. */
  end(): void;
  /** Cuts the line at once; what is buffered is lost. */
  destroy(): void;
  readonly closed: boolean;
}

/** Turns an answer into an event stream: headers at once, never compressed, never stored. */
export function openEventStream(response: ServerResponse, options: EventStreamOptions): EventStream {
  liftDeadline(response.req);
  response.writeHead(200, {
    'Content-Type': `${EVENT_STREAM_TYPE}; charset=utf-8`,
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  return new ResponseEventStream(response, options);
}

class ResponseEventStream implements EventStream {
  private readonly heartbeat: NodeJS.Timeout;
  closed = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly options: EventStreamOptions,
  ) {
    this.heartbeat = setInterval(() => this.beat(), options.heartbeatSeconds * 1000);
    this.heartbeat.unref();
    response.once('close', () => this.close());
    // A client that is gone shows as an error of the socket; `close` follows and says all there is to say.
    response.on('error', () => this.close());
    // A reader that left before there was a stream has closed already, and will not say so again.
    if (response.destroyed) process.nextTick(() => this.close());
  }

  write(event: StreamEvent): number {
    if (this.closed) return 0;
    const id = event.id === undefined ? '' : `id: ${event.id}\n`;
    this.response.write(streamText(`${id}event: ${event.event}\ndata: ${event.data}\n\n`));
    return this.buffered();
  }

  buffered(): number {
    return this.response.writableLength;
  }

  end(): void {
    if (!this.closed) this.response.end();
  }

  destroy(): void {
    this.response.destroy();
  }

  private beat(): void {
    // Nothing to keep open while bytes are waiting: the reader is not reading.
    if (!this.closed && this.buffered() === 0) this.response.write(':\n\n');
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.heartbeat);
    this.options.onClose?.();
  }
}
