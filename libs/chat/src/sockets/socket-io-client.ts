import { type Actor, authErrors } from '@parley/auth';
import type { Config } from '@parley/platform/config';
import { type AppError, toProblem } from '@parley/platform/errors';
import {
  type Delta,
  type LogEvent,
  type OpenReader,
  type ReaderEnd,
  type ReaderSink,
  type Readers,
  ReadingQueue,
  type Snapshot,
  type StatusNotice,
  sessionErrors,
} from '@parley/sessions';
import type { Socket } from 'socket.io';
import { endProblem } from '../streams/stream-sink.js';
import { SocketConnection } from './frame-handler.service.js';
import { SocketOutbox } from './socket-outbox.js';

/** One Socket.IO socket and the sessions it has joined, each with a reader of its own. */
export class SocketIoClient {
  readonly connection: SocketConnection;
  private readonly outbox: SocketOutbox;
  /** All readers fill the one outbox. */
  private readonly queue = new ReadingQueue();
  private readonly joined = new Map<string, OpenReader>();
  private readonly closers: (() => void)[] = [];
  private closed = false;

  constructor(
    private readonly socket: Socket,
    actor: Actor,
    private readonly readers: Readers,
    private readonly config: Config,
  ) {
    this.connection = new SocketConnection(actor);
    this.outbox = new SocketOutbox(socket);
  }

  /** Joining again begins anew after the given `seq`. @throws TOO_MANY_JOINED */
  join(actor: Actor, sessionId: string, after: number): void {
    // The socket has gone while its frame was looked at: nobody would ever close what is opened now.
    if (this.closed) return;
    this.leave(sessionId);
    const most = this.config.sockets.max_joined_sessions;
    if (this.joined.size >= most) throw sessionErrors.TOO_MANY_JOINED({ members: { limit: most } });
    const sink = new SessionSink(this.socket, this.outbox, sessionId, () => this.joined.delete(sessionId));
    this.joined.set(sessionId, this.readers.open({ actor, sessionId, after, queue: this.queue }, sink));
  }

  leave(sessionId: string): void {
    this.joined.get(sessionId)?.close();
    this.joined.delete(sessionId);
  }

  /** Called once: when the socket goes, or now if it has gone. */
  onClose(closer: () => void): void {
    if (this.closed) closer();
    else this.closers.push(closer);
  }

  say(error: AppError): void {
    this.socket.emit('error', toProblem(error));
  }

  /** The login behind the socket has ended. */
  expel(): void {
    this.say(authErrors.TOKEN_INVALID());
    this.socket.disconnect(true);
  }

  close(): void {
    this.closed = true;
    for (const reader of this.joined.values()) reader.close();
    this.joined.clear();
    for (const closer of this.closers.splice(0)) closer();
  }
}

class SessionSink implements ReaderSink {
  constructor(
    private readonly socket: Socket,
    private readonly outbox: SocketOutbox,
    private readonly sessionId: string,
    private readonly left: () => void,
  ) {}

  event(event: LogEvent): void {
    this.socket.emit('event', event);
  }

  delta(delta: Delta): void {
    this.socket.emit('delta', { session_id: this.sessionId, ...delta });
  }

  snapshot(snapshot: Snapshot): void {
    this.socket.emit('snapshot', { session_id: this.sessionId, ...snapshot });
  }

  status(notice: StatusNotice): void {
    this.socket.emit('status', { session_id: this.sessionId, ...notice });
  }

  buffered(): number {
    return this.outbox.bytes;
  }

  end(reason: ReaderEnd, error?: unknown): void {
    this.left();
    const problem = endProblem(reason, error, { sessionId: this.sessionId });
    if (reason === 'too-slow') this.outbox.cutOff(problem);
    else this.socket.emit('error', problem);
  }
}
