import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { Ids } from './http-calls.js';

/** What came of a frame: `ok`, the status of its problem, or the code with which the socket was closed. */
export interface SocketOutcome {
  readonly outcome: string;
  /** Everything that the socket said meanwhile, as text. */
  readonly heard: string;
}

const ACTION = 'act_01JCZK5V4W8Q2M7N9P3R6T1XYZ';
const PATIENCE_MS = 10_000;

/** What a client sends with each Socket.IO event. */
const EVENTS: Readonly<Record<string, (ids: Ids) => object>> = {
  join: ({ session_id }) => ({ session_id }),
  leave: ({ session_id }) => ({ session_id }),
  message: ({ session_id }) => ({ session_id, content: 'Another question' }),
  cancel: ({ run_id }) => ({ run_id }),
  input: ({ run_id }) => ({ run_id, action_id: ACTION, decision: 'approve' }),
  typing: ({ session_id }) => ({ session_id, is_typing: true }),
};

/** What a client sends with each frame of a plain WebSocket; its address names the session. */
const FRAMES: Readonly<Record<string, (ids: Ids) => object>> = {
  message: () => ({ content: 'Another question' }),
  cancel: ({ run_id }) => ({ run_id }),
  input: ({ run_id }) => ({ run_id, action_id: ACTION, decision: 'approve' }),
  typing: () => ({ is_typing: true }),
  ping: () => ({}),
};

/** The one id that an event names. */
export function idOfEvent(name: string): 'session_id' | 'run_id' {
  return name === 'cancel' || name === 'input' ? 'run_id' : 'session_id';
}

export function connect(url: string, token: unknown): Socket {
  return io(`${url}/ws/chat`, { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false });
}

/** Connects, sends one event, tells what came of it, and goes. */
export async function emitOnce(url: string, token: string | undefined, name: string, ids: Ids): Promise<SocketOutcome> {
  const body = EVENTS[name];
  if (body === undefined) throw new Error(`no body is known for the event ${name}`);
  const socket = connect(url, token);
  const heard: unknown[] = [];
  try {
    const refused = await new Promise<unknown>((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('connect_error', (error: Error) => resolve(Reflect.get(error, 'data')));
    });
    if (refused !== undefined) return { outcome: statusOf(refused), heard: JSON.stringify(refused) };
    socket.onAny((...said: unknown[]) => heard.push(said));
    const reply: unknown = await socket.timeout(PATIENCE_MS).emitWithAck(name, body(ids));
    const ok = Reflect.get(Object(reply), 'ok') === true;
    // Whatever a join sets going shows within a moment.
    await new Promise((resolve) => setTimeout(resolve, name === 'join' ? 100 : 0));
    heard.push(reply);
    return { outcome: ok ? 'ok' : statusOf(Reflect.get(Object(reply), 'error')), heard: JSON.stringify(heard) };
  } finally {
    socket.disconnect();
  }
}

/** Opens a plain WebSocket, sends one frame, tells what came of it, and goes. */
export async function frameOnce(
  url: string,
  token: string | undefined,
  name: string,
  ids: Ids,
): Promise<SocketOutcome> {
  const address = `${url.replace('http', 'ws')}/ws/chat/${encodeURIComponent(ids['session_id'] ?? '')}`;
  const inHandshake = name !== 'auth' && token !== undefined;
  const socket = new WebSocket(address, inHandshake ? { headers: { Authorization: `Bearer ${token}` } } : {});
  const line = new Line(socket);
  try {
    await line.opened;
    if (!inHandshake) line.send(name === 'auth' ? { type: 'auth', token } : { type: name, ...frameBody(name, ids) });
    const greeted = await line.until(({ type }) => type === 'status');
    if (!greeted || name === 'auth') return line.outcome();
    line.send({ type: name, ...frameBody(name, ids) });
    if (name !== 'ping') line.send({ type: 'ping' });
    await line.until(({ type }) => type === 'pong');
    return line.outcome();
  } finally {
    socket.close();
  }
}

function frameBody(name: string, ids: Ids): object {
  const body = FRAMES[name];
  if (body === undefined) throw new Error(`no body is known for the frame ${name}`);
  return body(ids);
}

type Frame = Readonly<Record<string, unknown>>;

/** A plain WebSocket and all that it has said. */
class Line {
  readonly opened: Promise<void>;
  private readonly frames: Frame[] = [];
  private closedWith: number | undefined;
  private wake: () => void = () => undefined;

  constructor(private readonly socket: WebSocket) {
    this.opened = new Promise((resolve) => {
      socket.once('open', () => resolve());
      socket.once('unexpected-response', (_request, { statusCode = 0 }) => {
        this.closedWith = statusCode;
        resolve();
      });
      socket.once('error', () => resolve());
    });
    socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()));
      this.wake();
    });
    socket.on('close', (code) => {
      this.closedWith ??= code;
      this.wake();
    });
  }

  send(frame: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  /** True when such a frame came, false when the socket was closed before. */
  async until(fits: (frame: Frame) => boolean): Promise<boolean> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      if (this.frames.some(fits)) return true;
      if (this.closedWith !== undefined) return false;
      if (Date.now() > until) throw new Error(`nothing came: ${JSON.stringify(this.frames)}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, 100);
      });
    }
  }

  outcome(): SocketOutcome {
    const error = this.frames.find(({ type }) => type === 'error');
    const heard = JSON.stringify(this.frames);
    if (this.closedWith !== undefined) return { outcome: String(this.closedWith), heard };
    return { outcome: error === undefined ? 'ok' : statusOf(error['error']), heard };
  }
}

function statusOf(problem: unknown): string {
  return String(Reflect.get(Object(problem), 'status'));
}
