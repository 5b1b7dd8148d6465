import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Dialect } from './dialect.js';
import type { FakeUsage, OpenRequest } from './record.js';
import { sample } from './sample.js';
import type { FakeReply } from './scripts.js';
import { countTokens, words } from './tokens.js';

export interface Performance {
  readonly dialect: Dialect;
  readonly request: OpenRequest;
  readonly reply: FakeReply | null;
  readonly wantsUsage: boolean;
  readonly response: ServerResponse;
  /** Body of an answer that is no text, e.g. embeddings. */
  readonly body: (() => string) | null;
  /** Fires when the client has gone; null where the script waits for nothing. */
  readonly gone: AbortSignal | null;
}

/** Answers one request as its script says. */
export async function play(performance: Performance): Promise<void> {
  const reply = performance.reply ?? {};
  if (reply.delayMs !== undefined && !(await waited(reply.delayMs, performance.gone))) return;
  if (reply.status !== undefined) return refuse(performance, reply, reply.status);
  if (reply.rawChunks !== undefined) return playRaw(performance, reply, reply.rawChunks);
  if (performance.request.stream) return playStream(performance, reply, piecesOf(performance));
  return playWhole(performance, reply);
}

function refuse(performance: Performance, reply: FakeReply, status: number): void {
  const headers = reply.retryAfter === undefined ? {} : { 'retry-after': String(reply.retryAfter) };
  end(
    performance,
    status,
    performance.dialect.error(status, reply.error ?? { message: `scripted ${status}` }),
    headers,
  );
}

function playWhole(performance: Performance, reply: FakeReply): void {
  if (reply.silentAfter !== undefined) return;
  if (reply.cutAfter !== undefined) {
    cut(performance);
    return;
  }
  end(performance, 200, reply.malformedChunk === undefined ? wholeBody(performance, reply) : '{"half', {});
}

function wholeBody(performance: Performance, reply: FakeReply): string {
  const { dialect, request, body } = performance;
  if (body !== null) {
    request.usage = reply.usage ?? { input: request.inputTokens, output: 0 };
    return body();
  }
  const text = piecesOf(performance).join('');
  note(request, text);
  request.usage = usageOf(reply, request);
  return dialect.whole(request, text, reply.finishReason, request.usage);
}

/** The pieces of text of the answer; without a script a text that is unique to the call. */
function piecesOf({ request, reply }: Performance): readonly string[] {
  if (reply?.chunks !== undefined) return reply.chunks;
  if (reply?.empty === true) return [];
  if (reply?.json !== undefined) return words(JSON.stringify(reply.json));
  if (reply?.text !== undefined) return words(reply.text);
  if (request.schema !== null) return words(JSON.stringify(sample(request.schema.schema, request.n)));
  return words(`Reply ${request.n} to: ${request.user.slice(0, 60)}`);
}

async function playStream(performance: Performance, reply: FakeReply, pieces: readonly string[]): Promise<void> {
  const { request, response, dialect } = performance;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  const stop = Math.min(reply.cutAfter ?? Number.POSITIVE_INFINITY, reply.silentAfter ?? Number.POSITIVE_INFINITY);
  const frames = framesOf(performance, reply, pieces.slice(0, stop));
  if (!(await writeFrames(performance, reply, frames))) return;
  if (stop !== Number.POSITIVE_INFINITY) return breakOff(performance, reply);
  request.usage = usageOf(reply, request);
  const usage = performance.wantsUsage ? request.usage : null;
  if (usage === null) request.usage = null;
  response.end(dialect.close(request, reply.finishReason, usage));
}

interface Frame {
  readonly wire: string;
  /** Text that the frame carries. */
  readonly text: string;
}

function framesOf(performance: Performance, reply: FakeReply, pieces: readonly string[]): readonly Frame[] {
  const { dialect, request } = performance;
  const frames = pieces.map((text) => ({ wire: dialect.piece(request, text), text }));
  if (reply.malformedChunk !== undefined)
    frames.splice(reply.malformedChunk, 0, { wire: 'data: {"choices":[{"de\n\n', text: '' });
  return frames;
}

/** Writes the opening and all frames, in one go where nothing is to be waited for. False: the client went. */
async function writeFrames(performance: Performance, reply: FakeReply, frames: readonly Frame[]): Promise<boolean> {
  const opening = performance.dialect.open(performance.request);
  if (reply.betweenMs !== undefined || reply.hold !== undefined) {
    if (opening !== '') performance.response.write(opening);
    return writeSlowly(performance, reply, frames);
  }
  for (const frame of frames) note(performance.request, frame.text);
  if (opening !== '' || frames.length > 0)
    performance.response.write(opening + frames.map((frame) => frame.wire).join(''));
  else performance.response.flushHeaders();
  return true;
}

async function writeSlowly(performance: Performance, reply: FakeReply, frames: readonly Frame[]): Promise<boolean> {
  const { request, response, gone } = performance;
  for (const [index, frame] of frames.entries()) {
    if (index > 0 && !(await waited(reply.betweenMs ?? 0, gone))) return false;
    if (index === reply.hold?.before && !(await held(reply.hold.until, gone))) return false;
    note(request, frame.text);
    response.write(frame.wire);
  }
  return true;
}

/** A cut ends the line; silence keeps it open until the client goes or the server stops. */
function breakOff(performance: Performance, reply: FakeReply): void {
  if (reply.cutAfter === undefined) return;
  if (reply.cut === 'clean') performance.response.end();
  else cut(performance);
}

/** Closes the line after what was written has gone out. */
function cut({ request, response }: Performance): void {
  request.cut = true;
  response.socket?.destroySoon();
}

async function playRaw(performance: Performance, reply: FakeReply, chunks: readonly string[]): Promise<void> {
  const { request, response, gone } = performance;
  const type = reply.rawType ?? (request.stream ? 'text/event-stream' : 'application/json');
  response.writeHead(200, { 'content-type': type });
  for (const chunk of chunks) {
    note(request, chunk);
    response.write(chunk, reply.rawEncoding ?? 'utf8');
    if (!(await waited(1, gone))) return;
  }
  if (reply.silentAfter === undefined) response.end();
}

function end({ request, response }: Performance, status: number, body: string, headers: Record<string, string>): void {
  request.status = status;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}

function note(request: OpenRequest, text: string): void {
  request.firstTokenAt ??= globalThis.performance.timeOrigin + globalThis.performance.now();
  request.sent += text;
}

function usageOf(reply: FakeReply, request: OpenRequest): FakeUsage | null {
  if (reply.noUsage === true) return null;
  return reply.usage ?? { input: request.inputTokens, output: countTokens(request.sent) };
}

/** False where the client went before the script was let go. */
async function held(until: Promise<void>, gone: AbortSignal | null): Promise<boolean> {
  const left = new Promise<void>((resolve) => gone?.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([until, left]);
  return gone?.aborted !== true;
}

/** False where the client went while waiting. */
async function waited(milliseconds: number, gone: AbortSignal | null): Promise<boolean> {
  if (gone === null) return pause(milliseconds, true);
  return pause(milliseconds, true, { signal: gone }).catch((error: unknown) => {
    if (gone.aborted) return false;
    throw error;
  });
}
