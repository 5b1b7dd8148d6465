import { createParser } from 'eventsource-parser';
import { io } from 'socket.io-client';
import { Pool } from 'undici';
import WebSocket from 'ws';
import { behindModel } from './model.mjs';

/** The answer of one turn as a client of any transport sees it come. */
export class SeenAnswer {
  /** Milliseconds between the model's first token and our first delta. */
  behindMs = undefined;
  /** Milliseconds after the message was sent. */
  ownMs = undefined;
  answeredMs = undefined;
  text = '';
  deltas = 0;
  gaps = 0;
  final = undefined;
  /** `run.completed`, `run.failed` or `run.cancelled`, once seen. */
  end = undefined;
  #done;
  #from = performance.now();
  #firstDeltaAt;

  /** @param firstDeltaAt nanoseconds of the monotonic clock when the first delta came; left out: when it is told */
  constructor(firstDeltaAt) {
    this.#firstDeltaAt = firstDeltaAt;
    this.done = new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  delta({ offset, text }) {
    if (this.deltas === 0) this.behindMs = behindModel(text, this.#firstDeltaAt);
    this.deltas += 1;
    if (offset === this.text.length) this.text += text;
    else if (offset > this.text.length) this.gaps += 1;
  }

  snapshot({ text }) {
    this.text = text;
  }

  event(event) {
    if (event.type === 'message.created') this.#message(event.data);
    else if (/^run\.(completed|failed|cancelled)$/.test(event.type)) {
      this.end = event.type;
      this.#done(this);
    }
  }

  /** What is wrong with what was seen; undefined where nothing was lost. */
  get fault() {
    if (this.end !== 'run.completed') return this.end ?? 'no end';
    if (this.final === undefined) return 'no answer';
    return this.deltas > 0 && this.text !== this.final ? `text differs after ${this.gaps} gaps` : undefined;
  }

  #message({ role, content }) {
    const after = performance.now() - this.#from;
    if (role === 'user') this.ownMs = after;
    else {
      this.answeredMs = after;
      this.final = content;
    }
  }
}

/** Turns over server-sent events: each message is POSTed and its stream read to the end. */
export class StreamClient {
  #pool;
  #parley;

  constructor(parley, connections) {
    this.#parley = parley;
    this.#pool = new Pool(parley.url, { connections, pipelining: 1, bodyTimeout: 0, headersTimeout: 0 });
  }

  async turn(sessionId, content) {
    const seen = new SeenAnswer();
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: `/api/v1/chat/sessions/${sessionId}/messages`,
      headers: { ...this.#parley.headers, accept: 'text/event-stream' },
      body: JSON.stringify({ content }),
    });
    if (statusCode !== 200) throw new Error(`a stream answered ${statusCode} ${await body.text()}`);
    const parser = createParser({ onEvent: ({ event, data }) => hear(seen, event, JSON.parse(data)) });
    const decoder = new TextDecoder();
    for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
    return seen;
  }

  close() {
    return this.#pool.close();
  }
}

/** One Socket.IO connection on one session. */
export class SocketIoClient {
  #socket;
  #sessionId;
  #seen;

  static async open(parley, sessionId) {
    const client = new SocketIoClient();
    const socket = io(`${parley.url}/ws/chat`, {
      auth: { token: parley.token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    client.#socket = socket;
    client.#sessionId = sessionId;
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
    for (const name of ['event', 'delta', 'snapshot']) {
      socket.on(name, (data) => hear(client.#seen, name === 'event' ? data.type : name, data));
    }
    await client.#ask('join', { session_id: sessionId });
    return client;
  }

  async turn(content) {
    const seen = new SeenAnswer();
    this.#seen = seen;
    await this.#ask('message', { session_id: this.#sessionId, content, client_message_id: crypto.randomUUID() });
    return seen.done;
  }

  async close() {
    this.#socket.disconnect();
  }

  async #ask(name, body) {
    const reply = await this.#socket.emitWithAck(name, body);
    if (!reply.ok) throw new Error(`${name} was refused: ${JSON.stringify(reply.error)}`);
    return reply;
  }
}

/** One plain WebSocket on one session. */
export class PlainClient {
  #socket;
  #seen;

  static async open(parley, sessionId) {
    const client = new PlainClient();
    const address = `${parley.url.replace('http', 'ws')}/ws/chat/${sessionId}`;
    const socket = new WebSocket(address, { headers: { authorization: `Bearer ${parley.token}` } });
    client.#socket = socket;
    // The first status frame says that the reader behind the socket follows the log.
    await new Promise((resolve, reject) => {
      socket.once('message', resolve);
      socket.once('close', () => reject(new Error('the socket was closed')));
      socket.once('error', reject);
    });
    socket.on('message', (data) => {
      const frame = JSON.parse(data);
      if (frame.type === 'error') throw new Error(`refused: ${JSON.stringify(frame.error)}`);
      if (frame.type === 'event') hear(client.#seen, frame.event.type, frame.event);
      else hear(client.#seen, frame.type, frame);
    });
    return client;
  }

  turn(content) {
    this.#seen = new SeenAnswer();
    this.#socket.send(JSON.stringify({ type: 'message', content, client_message_id: crypto.randomUUID() }));
    return this.#seen.done;
  }

  async close() {
    this.#socket.close();
  }
}

export function hear(seen, name, data) {
  if (seen === undefined) return;
  if (name === 'delta') seen.delta(data);
  else if (name === 'snapshot') seen.snapshot(data);
  else if (name.includes('.')) seen.event(data);
}
