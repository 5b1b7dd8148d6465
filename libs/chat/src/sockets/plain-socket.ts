import type { Duplex } from 'node:stream';
import { type Actor, authErrors } from '@parley/auth';
import { AppError, type Problem, platformErrors, toProblem } from '@parley/platform/errors';
import { ReadBrake } from '@parley/platform/sockets';
import { type OpenReader, type ReaderEnd, type Readers, sessionErrors } from '@parley/sessions';
import type { RawData, WebSocket } from 'ws';
import { SocketConnection } from './frame-handler.service.js';
import type { PlainFrames } from './plain-frames.service.js';
import { CLOSE, PlainSink } from './plain-sink.js';
import type { SocketHandshake } from './socket-handshake.service.js';

export interface PlainSocketOptions {
  /** The connection below the WebSocket. */
  readonly wire: Duplex;
  readonly sessionId: string;
  readonly after: number;
  readonly authTimeoutMs: number;
  readonly heartbeatMs: number;
  /** Bytes that may wait for one slow reader. */
  readonly bufferBytes: number;
}

/** What a plain WebSocket needs from the program. */
export interface PlainSocketServices {
  readonly handshake: SocketHandshake;
  readonly frames: PlainFrames;
  readonly readers: Readers;
}

/** Frames that may come before the sign-in is decided. */
const MOST_EARLY = 100;

/** One plain WebSocket: authenticated once, bound to one session, its frames answered in order. */
export class PlainSocket {
  private entry: Promise<void> | undefined;
  private connection: SocketConnection | undefined;
  private reader: OpenReader | undefined;
  private readonly signInTimer: NodeJS.Timeout;
  private alive = true;
  private early = 0;
  private readonly closers: (() => void)[] = [];
  private readonly brake: ReadBrake;

  constructor(
    private readonly socket: WebSocket,
    private readonly services: PlainSocketServices,
    private readonly options: PlainSocketOptions,
  ) {
    const heartbeat = setInterval(() => this.beat(), options.heartbeatMs);
    this.signInTimer = setTimeout(() => this.refuse(authErrors.UNAUTHENTICATED()), options.authTimeoutMs);
    const line = {
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      waiting: () => socket.bufferedAmount,
    };
    // The reader keeps to the buffer by itself; as much again may wait of the answers to frames.
    this.brake = new ReadBrake(line, 2 * options.bufferBytes);
    this.closers.push(
      () => clearInterval(heartbeat),
      () => clearTimeout(this.signInTimer),
      () => this.brake.end(),
    );
    socket.on('pong', () => {
      this.alive = true;
    });
    socket.on('message', (data, isBinary) => {
      this.hear(data, isBinary);
      this.brake.took();
    });
    socket.on('error', () => socket.terminate());
    socket.once('close', () => this.closed());
  }

  /** Signs in, once, with a token from the handshake or a frame. Never throws: what is wrong closes the socket. */
  enter(token: unknown): Promise<void> {
    this.entry ??= this.signIn(token);
    return this.entry;
  }

  private async signIn(token: unknown): Promise<void> {
    try {
      const actor = await this.services.handshake.authenticate(token);
      await this.services.frames.requireSession(actor, this.options.sessionId);
      if (this.socket.readyState !== this.socket.OPEN) return;
      this.connection = new SocketConnection(actor);
      clearTimeout(this.signInTimer);
      this.closers.push(this.services.handshake.watch(actor, () => this.refuse(authErrors.TOKEN_INVALID())));
      this.open(actor);
    } catch (error) {
      this.refuse(error);
    }
  }

  close(code: number, problem: Problem): void {
    this.send({ type: 'error', error: problem });
    this.socket.close(code, problem.code);
  }

  private open(actor: Actor): void {
    const { wire, sessionId, after } = this.options;
    const sink = new PlainSink(
      this.socket,
      wire,
      (runId) => this.services.frames.conclusion(actor, sessionId, runId),
      (reason, error) => this.readerEnded(reason, error),
    );
    this.reader = this.services.readers.open({ actor, sessionId, after }, sink);
  }

  private readerEnded(reason: ReaderEnd, error: unknown): void {
    if (reason === 'gone') this.refuse(platformErrors.NOT_FOUND());
    else if (reason === 'too-slow') this.close(CLOSE.tooSlow, toProblem(sessionErrors.READER_TOO_SLOW()));
    else this.close(CLOSE.internal, toProblem(error));
  }

  private hear(data: RawData, isBinary: boolean): void {
    const frame = isBinary ? undefined : parseFrame(data);
    if (frame === undefined) {
      this.send({
        type: 'error',
        error: toProblem(platformErrors.BAD_REQUEST({ detail: 'A frame is a JSON object with a type.' })),
      });
    } else if (this.connection !== undefined) {
      void this.answer(this.connection, frame);
    } else if (this.entry !== undefined) {
      this.keep(frame, this.entry);
    } else if (frame['type'] === 'auth') {
      void this.enter(frame['token']);
    } else {
      this.refuse(authErrors.UNAUTHENTICATED());
    }
  }

  /** Clients speak as soon as the line is open: what comes while the token is looked at waits for it. */
  private keep(frame: Record<string, unknown>, entry: Promise<void>): void {
    if (this.early >= MOST_EARLY) {
      this.send({ type: 'error', error: toProblem(platformErrors.OVERLOADED({ retryAfter: 1 })) });
      return;
    }
    this.early += 1;
    void entry.then(() => (this.connection === undefined ? undefined : this.answer(this.connection, frame)));
  }

  private answer(connection: SocketConnection, frame: Record<string, unknown>): Promise<void> {
    return this.services.frames.take(connection, this.options.sessionId, frame, (answer) => this.send(answer));
  }

  private refuse(error: unknown): void {
    const problem = toProblem(error);
    const code = error instanceof AppError ? closeCodeOf(error) : CLOSE.internal;
    this.close(code, problem);
  }

  private send(frame: object): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private beat(): void {
    if (!this.alive) {
      this.socket.terminate();
      return;
    }
    this.alive = false;
    this.socket.ping();
  }

  private closed(): void {
    this.reader?.close();
    for (const closer of this.closers.splice(0)) closer();
  }
}

function closeCodeOf(error: AppError): number {
  if (error.status === 401 || error.status === 403) return CLOSE.unauthenticated;
  if (error.status === 404) return CLOSE.noSuchSession;
  return error.status === 503 ? CLOSE.leaving : CLOSE.internal;
}

function parseFrame(data: RawData): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(textOf(data));
    return isFrame(parsed) ? parsed : undefined;
  } catch {
    // No JSON: the caller says so to the client.
    return undefined;
  }
}

function isFrame(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
