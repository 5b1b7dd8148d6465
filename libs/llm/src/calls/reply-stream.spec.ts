import { setTimeout as pause } from 'node:timers/promises';
import type { ChatModel, ChatPart } from '../providers/chat-model.js';
import { ProviderFailure } from '../providers/provider-failure.js';
import { ReplyStream } from './reply-stream.js';

const REQUEST = { messages: [], purpose: 'answer' };

function model(stream: (signal: AbortSignal) => AsyncIterable<ChatPart>): ChatModel {
  return { provider: 'test', model: 'm', stream: (_request, signal) => stream(signal) };
}

/** Waits until it is aborted, as an adapter does whose provider is silent. */
async function silence(signal: AbortSignal): Promise<never> {
  await pause(60_000, undefined, { signal });
  throw new Error('not aborted');
}

let replies: ReplyStream[] = [];

function open(stream: (signal: AbortSignal) => AsyncIterable<ChatPart>, caller = new AbortController().signal) {
  const reply = new ReplyStream(model(stream), REQUEST, 60, caller);
  replies.push(reply);
  return reply;
}

describe('a reply stream', () => {
  afterEach(() => {
    for (const reply of replies) reply.close();
    replies = [];
  });

  it('gives pieces, then null, and keeps the whole', async () => {
    const reply = open(async function* () {
      yield { type: 'text-delta', delta: 'Hello ' };
      yield { type: 'text-delta', delta: '' };
      yield { type: 'text-delta', delta: 'you' };
      yield { type: 'finish', finishReason: 'stop', usage: null };
    });
    expect([await reply.next(), await reply.next(), await reply.next()]).toEqual(['Hello ', 'you', null]);
    expect(reply).toMatchObject({ text: 'Hello you', finish: { reason: 'stop' } });
  });

  it('ends an answer without end as one that was cut for its length, and leaves the provider', async () => {
    let left = false;
    const reply = open(async function* () {
      try {
        for (;;) yield { type: 'text-delta', delta: 'and so on '.repeat(100_000) };
      } finally {
        left = true;
      }
    });
    const heard: number[] = [];
    await reply.read((piece) => heard.push(piece.length) < 50);
    expect(heard).toEqual(Array.from({ length: 16 }, () => 1_000_000));
    expect([reply.text.length, reply.finish]).toEqual([16_000_000, { reason: 'length', usage: null }]);
    reply.close();
    await pause(0);
    expect(left).toBe(true);
  });

  it('takes thinking for a sign of life, and not for an answer', async () => {
    const reply = open(async function* (signal) {
      for (let thought = 0; thought < 4; thought += 1) {
        await pause(30);
        yield { type: 'reasoning-delta', delta: 'hmm' };
      }
      await silence(signal);
    });
    const startedAt = performance.now();
    await expect(reply.next()).rejects.toMatchObject({ kind: 'silence' });
    expect(performance.now() - startedAt).toBeGreaterThan(150);
    expect(reply.text).toBe('');
  });

  it('does not blame the model for what a busy event loop kept from us', async () => {
    const reply = open(async function* () {
      await new Promise((resolve) => setImmediate(resolve));
      yield { type: 'text-delta', delta: 'was there' };
    });
    const first = reply.next();
    const until = performance.now() + 120;
    while (performance.now() < until);
    expect(await first).toBe('was there');
  });

  it('calls a stream that ends without a finish a cut, and any other error a broken connection', async () => {
    const cut = open(async function* () {
      yield { type: 'text-delta', delta: 'x' };
    });
    await cut.next();
    await expect(cut.next()).rejects.toMatchObject({ kind: 'cut' });
    const strange = open(async function* () {
      yield { type: 'text-delta', delta: 'x' };
      throw new TypeError('terminated');
    });
    await strange.next();
    await expect(strange.next()).rejects.toMatchObject({ kind: 'connection' });
  });

  it('passes a failure on as it is, and the caller’s reason before everything else', async () => {
    const failing = open(async function* () {
      yield { type: 'text-delta', delta: 'x' };
      throw new ProviderFailure('malformed');
    });
    await failing.next();
    await expect(failing.next()).rejects.toMatchObject({ kind: 'malformed' });
    const control = new AbortController();
    const left = open(async function* (signal) {
      yield { type: 'text-delta', delta: 'x' };
      await silence(signal);
    }, control.signal);
    await left.next();
    setTimeout(() => control.abort(new Error('enough')), 10);
    await expect(left.next()).rejects.toThrow('enough');
    expect(() => open(async function* () {}, control.signal)).toThrow('enough');
  });

  it('aborts the adapter when it is closed early', async () => {
    let aborted = false;
    const reply = open(async function* (signal) {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      yield { type: 'text-delta', delta: 'x' };
      await silence(signal);
    });
    await reply.next();
    reply.close();
    expect(aborted).toBe(true);
  });
});
