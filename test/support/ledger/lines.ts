import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { Reading } from './reading.js';
import { readStream } from './stream.js';
import { acceptedSchema, type Outgoing, type Receipt, Refusal, receiptSchema } from './wire.js';

export const TRANSPORTS = ['sse', 'socket.io', 'websocket'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface Place {
  readonly url: string;
  readonly token: string;
  readonly sessionId: string;
}

/** One connection, once: it follows a session from where its reader stands until it ends. */
export interface Line {
  /** Resolves with the reason when the connection is over, however that came. */
  readonly ended: Promise<string>;
  /** @throws Refusal, or any error where nobody knows whether the message was stored */
  send(message: Outgoing): Promise<Receipt>;
  /** Breaks the connection off without a word. */
  cut(): void;
}

const PATIENCE_MS = 15_000;

export function openLine(transport: Transport, place: Place, reading: Reading): Promise<Line> {
  if (transport === 'sse') return openEventStream(place, reading);
  return transport === 'websocket' ? openPlain(place, reading) : openSocketIo(place, reading);
}

/** Sends over REST and does not wait for the answer. */
export async function post(place: Place, message: Outgoing): Promise<Receipt> {
  const response = await fetch(`${place.url}/api/v1/chat/sessions/${place.sessionId}/messages`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${place.token}`,
      'Content-Type': 'application/json',
      Prefer: 'respond-async',
    },
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const body: unknown = await response.json();
  if (response.status !== 202) throw Refusal.of(body);
  return acceptedSchema.parse(body);
}

async function openEventStream(place: Place, reading: Reading): Promise<Line> {
  const abort = new AbortController();
  const response = await fetch(`${place.url}/api/v1/chat/sessions/${place.sessionId}/events?after=${reading.cursor}`, {
    headers: { Authorization: `Bearer ${place.token}`, Accept: 'text/event-stream' },
    signal: abort.signal,
  });
  if (response.status !== 200) throw Refusal.of(await response.json());
  const ended = readStream(response, ({ event, id, data }) => {
    if (event === 'delta') reading.delta(data);
    else if (event === 'snapshot') reading.snapshot(data);
    else if (event === 'status') reading.status();
    else if (event === 'error') throw Refusal.of(data);
    else if (id !== undefined) reading.event(data);
  }).then(
    () => 'ended',
    (error: unknown) => reasonOf(error),
  );
  return { ended, cut: () => abort.abort(), send: (message) => post(place, message) };
}

const acknowledgement = z.union([
  z.looseObject({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), error: z.unknown() }),
]);

async function openSocketIo(place: Place, reading: Reading): Promise<Line> {
  const socket = io(`${place.url}/ws/chat`, { auth: { token: place.token }, reconnection: false, forceNew: true });
  const ended = new Promise<string>((resolve) => {
    socket.once('connect_error', (error) => resolve(error.message));
    socket.once('disconnect', (reason) => resolve(reason));
    socket.on('error', (problem: unknown) => {
      socket.disconnect();
      resolve(Refusal.of(problem).message);
    });
  });
  socket.on('event', (event: unknown) => reading.event(event));
  socket.on('delta', (delta: unknown) => reading.delta(delta));
  socket.on('snapshot', (snapshot: unknown) => reading.snapshot(snapshot));
  socket.on('status', () => reading.status());
  const ask = async (name: string, frame: object): Promise<object> => {
    const asked: Promise<unknown> = socket.timeout(PATIENCE_MS).emitWithAck(name, frame);
    const reply = acknowledgement.parse(await unlessEnded(asked, ended));
    if (!reply.ok) throw Refusal.of(reply.error);
    return reply;
  };
  const place_ = { session_id: place.sessionId };
  try {
    await unlessEnded(new Promise<void>((resolve) => socket.once('connect', resolve)), ended);
    await ask('join', { ...place_, after: reading.cursor });
  } catch (error) {
    socket.disconnect();
    throw error;
  }
  return {
    ended,
    cut: () => socket.io.engine.close(),
    send: async (message) => receiptSchema.parse(await ask('message', { ...place_, ...message })),
  };
}

const frameSchema = z.looseObject({ type: z.string() });
type Frame = z.infer<typeof frameSchema>;

async function openPlain(place: Place, reading: Reading): Promise<Line> {
  const address = `${place.url.replace('http', 'ws')}/ws/chat/${place.sessionId}?after=${reading.cursor}`;
  const socket = new WebSocket(address, { headers: { Authorization: `Bearer ${place.token}` } });
  const waiting = new Map<unknown, (frame: Frame) => void>();
  const ended = new Promise<string>((resolve) => {
    socket.once('close', (code, reason) => resolve(`${code} ${reason.toString()}`));
    socket.on('error', (error) => resolve(error.message));
  });
  socket.on('message', (bytes) => {
    const frame = frameSchema.parse(JSON.parse(bytes.toString()));
    if (frame.type === 'event') reading.event(frame['event']);
    else if (frame.type === 'delta') reading.delta(frame);
    else if (frame.type === 'snapshot') reading.snapshot(frame);
    else if (frame.type === 'status') reading.status();
    else if (frame.type === 'ack' || frame.type === 'error') waiting.get(frame['client_message_id'])?.(frame);
  });
  await unlessEnded(new Promise<void>((resolve) => socket.once('open', resolve)), ended);
  return {
    ended,
    cut: () => socket.terminate(),
    send: async (message) => {
      const answered = new Promise<Frame>((resolve) => waiting.set(message.client_message_id, resolve));
      socket.send(JSON.stringify({ type: 'message', ...message }));
      const frame = await unlessEnded(answered, ended);
      if (frame.type === 'error') throw Refusal.of(frame['error']);
      return receiptSchema.parse(frame);
    },
  };
}

/** What is awaited, or an error when the line ends or nothing comes for long. */
async function unlessEnded<T>(awaited: Promise<T>, ended: Promise<string>): Promise<T> {
  const patience = new AbortController();
  const late = sleep(PATIENCE_MS, undefined, { signal: patience.signal, ref: false });
  try {
    return await Promise.race([
      awaited,
      ended.then((reason) => Promise.reject(new Error(`the line has ended: ${reason}`))),
      late.then(() => Promise.reject(new Error(`nothing came for ${PATIENCE_MS} ms`))),
    ]);
  } finally {
    late.catch(() => undefined);
    patience.abort();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
