import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { anthropicDialect } from './anthropic-dialect.js';
import { serveControl } from './control.js';
import type { Dialect } from './dialect.js';
import { embeddingsBody, readEmbeddings } from './embeddings.js';
import { googleDialect } from './google-dialect.js';
import { openAiDialect } from './openai-dialect.js';
import { play } from './play.js';
import { type FakeFilter, type FakeRequest, type FakeUsage, matches, type OpenRequest, openRequest } from './record.js';
import { type FakeReply, type FakeScript, ScriptBook } from './scripts.js';
import { countTokens } from './tokens.js';

export interface FakeModelOptions {
  /** 0 (default) takes a free port. */
  readonly port?: number;
  /** How many requests are remembered; the oldest go first. */
  readonly keep?: number;
  /** Length of the vectors. */
  readonly dimensions?: number;
  /** Ids that `GET /v1/models` lists. */
  readonly models?: readonly string[];
}

/**
 * A model provider for tests and benchmarks: a real HTTP server on 127.0.0.1 that speaks the wire of
 * OpenAI (`url`), Anthropic (`anthropicUrl`) and Google (`googleUrl`), answers by script, and remembers
 * every request. Without a script each call gets a text of its own; a structured request gets a sample.
 */
export class FakeModel {
  private readonly book = new ScriptBook();
  private readonly server: Server;
  private record: OpenRequest[] = [];
  private received = 0;
  private arrivals: (() => void)[] = [];

  private constructor(private readonly options: Required<FakeModelOptions>) {
    this.server = createServer((request, response) => this.receive(request, response));
    this.server.keepAliveTimeout = 60_000;
  }

  static async start(options: FakeModelOptions = {}): Promise<FakeModel> {
    const fake = new FakeModel({ port: 0, keep: 10_000, dimensions: 64, models: ['fake-1'], ...options });
    await new Promise<void>((resolve, reject) => {
      fake.server.once('error', reject);
      fake.server.listen(fake.options.port, '127.0.0.1', resolve);
    });
    return fake;
  }

  get port(): number {
    const address: AddressInfo | string | null = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the fake model is not listening');
    return address.port;
  }

  /** Base URL as an OpenAI-compatible client wants it. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  get anthropicUrl(): string {
    return this.url;
  }

  get googleUrl(): string {
    return `http://127.0.0.1:${this.port}/v1beta`;
  }

  script(script: FakeScript): this {
    this.book.add(script);
    return this;
  }

  /** One reply to everything from here on that no earlier script takes. */
  always(reply: FakeReply): this {
    return this.script({ reply });
  }

  /** Forgets scripts and requests; calls are numbered on. */
  reset(): void {
    this.book.clear();
    this.record = [];
  }

  requests(filter?: FakeFilter): readonly FakeRequest[] {
    return this.record.filter((request) => matches(request, filter));
  }

  /** The n-th (from 1) request that fits, or an error that says how many there were. */
  request(filter?: FakeFilter, n = 1): FakeRequest {
    const found = this.requests(filter);
    const request = found[n - 1];
    if (request === undefined) throw new Error(`no request ${n}: ${found.length} of ${this.record.length} fit`);
    return request;
  }

  /** Sum of what was reported to clients. */
  usageOf(filter?: FakeFilter): FakeUsage {
    const sum = { input: 0, output: 0 };
    for (const { usage } of this.requests(filter)) {
      sum.input += usage?.input ?? 0;
      sum.output += usage?.output ?? 0;
    }
    return sum;
  }

  /** Resolves when `count` requests fit, also by what becomes true later, e.g. `aborted`. */
  async waitFor(filter?: FakeFilter, count = 1, timeoutMs = 5000): Promise<readonly FakeRequest[]> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const found = this.requests(filter);
      if (found.length >= count) return found;
      if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms for ${count} requests, saw ${found.length}`);
      await Promise.race([pause(10), new Promise<void>((resolve) => this.arrivals.push(resolve))]);
    }
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const at = performance.timeOrigin + performance.now();
      this.route(request, response, Buffer.concat(chunks).toString('utf8'), at).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }

  private async route(request: IncomingMessage, response: ServerResponse, text: string, at: number): Promise<void> {
    const path = request.url ?? '/';
    if (path.startsWith('/_fake/')) return serveControl(this, request, response, text);
    if (request.method === 'GET' && /\/models(\?|$)/.test(path)) return this.listModels(response);
    const dialect = request.method === 'POST' ? dialectOf(path) : null;
    if (dialect === null) return sendJson(response, 404, '{"error":{"message":"not served here"}}');
    const body = parsed(text);
    if (body === undefined) return sendJson(response, 400, '{"error":{"message":"the body is no JSON"}}');
    const remotePort = request.socket.remotePort ?? 0;
    await this.answer(dialect, { path, body, at, headers: request.headers, remotePort }, response);
  }

  private async answer(
    dialect: Dialect,
    arrived: Pick<FakeRequest, 'path' | 'body' | 'at' | 'headers' | 'remotePort'>,
    response: ServerResponse,
  ): Promise<void> {
    const embeds = /embed/i.test(arrived.path);
    const chat = embeds ? readEmbeddings(arrived.body, arrived.path) : dialect.readChat(arrived.body, arrived.path);
    const { texts, wantsUsage, model, user, system, schema, stream } = chat;
    const inputTokens = texts.reduce((sum, one) => sum + countTokens(one), 0);
    const kind = embeds ? 'embeddings' : 'chat';
    const read = { model, user, system, schema, stream, inputTokens };
    const seen = openRequest({ n: ++this.received, kind, dialect: dialect.name, ...arrived, ...read });
    this.remember(seen);
    const reply = this.book.replyTo(seen);
    const gone = watch(response, seen, reply);
    const vectors = embeds ? () => embeddingsBody(seen, texts, this.options.dimensions) : null;
    await play({ dialect, request: seen, reply, wantsUsage, response, body: vectors, gone });
  }

  private remember(request: OpenRequest): void {
    if (this.record.length >= this.options.keep) this.record.splice(0, Math.ceil(this.options.keep / 10));
    if (this.options.keep > 0) this.record.push(request);
    const waiting = this.arrivals;
    this.arrivals = [];
    for (const wake of waiting) wake();
  }

  private listModels(response: ServerResponse): void {
    const data = this.options.models.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'fake' }));
    sendJson(response, 200, JSON.stringify({ object: 'list', data }));
  }
}

function dialectOf(address: string): Dialect | null {
  const path = address.split('?', 1)[0] ?? address;
  if (path.endsWith('/chat/completions') || path.endsWith('/embeddings')) return openAiDialect;
  if (path.endsWith('/messages')) return anthropicDialect;
  return path.includes('/models/') ? googleDialect : null;
}

/** Marks the request when the line closes, and tells a waiting script that nobody listens any more. */
function watch(response: ServerResponse, request: OpenRequest, reply: FakeReply | null): AbortSignal | null {
  const waits = [reply?.delayMs, reply?.betweenMs, reply?.hold, reply?.rawChunks].some((one) => one !== undefined);
  const gone = waits ? new AbortController() : null;
  response.on('close', () => {
    request.endedAt = performance.timeOrigin + performance.now();
    request.aborted = !response.writableFinished && !request.cut;
    gone?.abort();
  });
  return gone?.signal ?? null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
}
