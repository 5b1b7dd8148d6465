import { setTimeout as pause } from 'node:timers/promises';
import { FakeModel } from '../../../../test/support/fake-model/index.js';
import { ACTOR, callOf, hear, type OpenLlm, onFake, openLlm } from '../llm.factory.js';
import { Backoff } from './backoff.js';
import { ModelCallAborted } from './model-call.errors.js';

/** How often each model was asked. */
function asked(fake: FakeModel): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { model } of fake.requests()) counts[model] = (counts[model] ?? 0) + 1;
  return counts;
}

describe('the model gateway over the wire', () => {
  let fake: FakeModel;
  let llm: OpenLlm;
  beforeAll(async () => {
    fake = await FakeModel.start();
  });
  beforeEach(async () => {
    fake.reset();
    llm = await openLlm(onFake(fake, { breaker_failures: 1000 }));
  });
  afterEach(() => llm.close());
  afterAll(() => fake.stop());

  describe('a good answer', () => {
    it('streams the text, says who answered, counts what the provider counted, and prices it', async () => {
      fake.always({ text: 'Autumn leaves fall', betweenMs: 5 });
      const prices = { 'openai:first': { input_per_million: 1, output_per_million: 2 } };
      await llm.close();
      llm = await openLlm(onFake(fake, { prices }));
      const { texts, answer } = await hear(llm, callOf('a haiku, please'));
      expect(texts.length).toBeGreaterThan(1);
      expect(texts.join('')).toBe('Autumn leaves fall');
      const { input, output } = fake.usageOf();
      expect(answer).toMatchObject({
        text: 'Autumn leaves fall',
        finishReason: 'stop',
        model: 'openai:first',
        attempts: 1,
        usage: {
          inputTokens: input,
          outputTokens: output,
          estimated: false,
          costUsd: (input + 2 * output) / 1_000_000,
        },
      });
      expect(answer?.firstTokenMs).toEqual(expect.any(Number));
    });

    it('sends parameters, key and correlation, and never more than it was asked for', async () => {
      const { signal } = new AbortController();
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const more = { temperature: 0.2, topP: 0.9, maxOutputTokens: 50, correlationId: 'corr-1', traceparent, signal };
      await hear(llm, callOf('hello', more));
      const { headers, body } = fake.request();
      expect(headers).toMatchObject({ 'x-correlation-id': 'corr-1', traceparent, authorization: 'Bearer sk-secret' });
      expect(body).toEqual({
        model: 'first',
        messages: [{ role: 'user', content: 'hello' }],
        stream: true,
        stream_options: { include_usage: true },
        temperature: 0.2,
        top_p: 0.9,
        max_tokens: 50,
      });
      await hear(llm, callOf('hello'));
      expect(Object.keys(Object(fake.request({}, 2).body))).toEqual(['model', 'messages', 'stream', 'stream_options']);
    });

    it('keeps "length" and "content-filter" as they are', async () => {
      fake.script({ reply: { text: 'cut off', finishReason: 'length' }, times: 1 });
      fake.script({ reply: { text: 'filtered', finishReason: 'content_filter' } });
      expect((await hear(llm, callOf('a'))).answer?.finishReason).toBe('length');
      expect((await hear(llm, callOf('b'))).answer?.finishReason).toBe('content-filter');
    });

    it.each([
      ['a part of a token', { input: 3, output: 1.5 }],
      ['less than none', { input: -1, output: 2 }],
      ['more than any ledger holds', { input: 3, output: 3_000_000_000 }],
    ])('estimates usage where the provider counts %s: such a count could not be stored', async (_what, usage) => {
      fake.always({ text: 'hello again', usage });
      const { answer } = await hear(llm, callOf('why?'));
      expect(answer?.usage).toEqual({ inputTokens: 5, outputTokens: 3, estimated: true, costUsd: null });
    });

    it('estimates usage and says so where the provider gives none', async () => {
      fake.always({ text: 'twelve chars', noUsage: true });
      const { answer } = await hear(llm, callOf('12345678'));
      expect(answer?.usage).toEqual({ inputTokens: 6, outputTokens: 3, estimated: true, costUsd: null });
    });

    // Two, because an answer is done a moment before its line is free.
    it('uses connections again', async () => {
      for (let call = 0; call < 5; call += 1) await hear(llm, callOf('again'));
      const ports = new Set(fake.requests().map(({ remotePort }) => remotePort));
      expect(ports.size).toBeLessThanOrEqual(2);
    });

    it('answers a model by name, and knows no other', async () => {
      expect((await hear(llm, callOf('x', { model: 'openai:second' }))).answer?.model).toBe('openai:second');
      expect((await hear(llm, callOf('x', { model: 'third' }))).answer?.model).toBe('ollama:third');
      for (const model of ['openai:fourth', 'fourth', 'embedding', '']) {
        expect((await hear(llm, callOf('x', { model }))).error).toMatchObject({ code: 'MODEL_UNKNOWN', status: 400 });
      }
    });
  });

  describe('text hygiene', () => {
    it('replaces U+0000 and lone surrogates, holds a split pair back, and changes nothing else', async () => {
      fake.always({ chunks: ['a\u0000b ', 'ok \ud83d', '\ude00 ', '\udead', ' end\ud83d'], betweenMs: 5 });
      const { texts, answer } = await hear(llm, callOf('emoji'));
      expect(texts.join('')).toBe('a\ufffdb ok 😀 \ufffd end\ufffd');
      expect(answer?.text).toBe(texts.join(''));
      expect(texts.every((text) => text.isWellFormed())).toBe(true);
    });

    it('joins characters whose bytes arrive apart', async () => {
      const chunk = Buffer.from('data: {"choices":[{"delta":{"content":"é😀"},"finish_reason":"stop"}]}\n\n');
      const at = chunk.indexOf(Buffer.from('😀')) + 2;
      fake.always({
        rawChunks: [chunk.subarray(0, at).toString('latin1'), chunk.subarray(at).toString('latin1')],
        rawEncoding: 'latin1',
      });
      expect((await hear(llm, callOf('bytes'))).answer?.text).toBe('é😀');
    });
  });

  describe('before the first token', () => {
    it.each([408, 429, 500, 502, 503])('tries %i again, twice, and answers', async (status) => {
      fake.script({ reply: { status }, times: 2 });
      fake.always({ text: 'at last' });
      const { answer } = await hear(llm, callOf('q'));
      expect(answer).toMatchObject({ text: 'at last', attempts: 3, model: 'openai:first' });
      expect(asked(fake)).toEqual({ first: 3 });
    });

    it('tries a cut connection, a broken chunk and an empty reply again', async () => {
      fake.script({ reply: { cutAfter: 0, text: 'x' }, times: 1 });
      fake.script({ reply: { malformedChunk: 0, text: 'x' }, times: 1 });
      fake.always({ text: 'fine' });
      expect((await hear(llm, callOf('q'))).answer).toMatchObject({ attempts: 3, model: 'openai:first' });
      fake.reset();
      fake.script({ reply: { empty: true }, times: 2 });
      fake.always({ text: 'fine' });
      expect((await hear(llm, callOf('q'))).answer).toMatchObject({ attempts: 3, model: 'openai:first' });
    });

    it('goes on with the next model, each provider having its own two further tries', async () => {
      fake.script({ when: { model: 'third' }, reply: { text: 'third here' } });
      fake.always({ status: 500 });
      const { answer } = await hear(llm, callOf('q'));
      expect(answer).toMatchObject({ text: 'third here', model: 'ollama:third', attempts: 5 });
      expect(asked(fake)).toEqual({ first: 3, second: 1, third: 1 });
    });

    it('ends with the code of the last try, and says how many there were', async () => {
      fake.script({ when: { model: 'third' }, reply: { empty: true } });
      fake.always({ status: 500 });
      const { error, texts } = await hear(llm, callOf('q'));
      expect(texts).toEqual([]);
      expect(error).toMatchObject({
        code: 'MODEL_EMPTY_REPLY',
        status: 502,
        report: { attempts: 7, model: 'ollama:third' },
      });
      expect(asked(fake)).toEqual({ first: 3, second: 1, third: 3 });
    });

    it.each([400, 401, 403, 404, 422])('goes to the next model at once on %i', async (status) => {
      fake.script({ when: { model: 'first' }, reply: { status } });
      fake.always({ text: 'second here' });
      expect((await hear(llm, callOf('q'))).answer).toMatchObject({ model: 'openai:second', attempts: 2 });
    });

    it('gives a model named explicitly no next one', async () => {
      fake.always({ status: 404 });
      const { error } = await hear(llm, callOf('q', { model: 'openai:second' }));
      expect(error).toMatchObject({ code: 'MODEL_UNAVAILABLE', status: 502, report: { attempts: 1 } });
      expect(asked(fake)).toEqual({ second: 1 });
    });

    it('never shows what the provider said about the key', async () => {
      fake.always({ status: 401, error: { message: 'Incorrect API key sk-secret', code: 'invalid_api_key' } });
      const { error } = await hear(llm, callOf('q', { model: 'openai:first' }));
      expect(JSON.stringify(Object(error).facts.detail)).not.toContain('sk-secret');
      expect(Object(error).facts.detail).toContain('invalid_api_key');
    });

    it('goes to the next model at once when one is silent, and fails with MODEL_TIMEOUT when all are', async () => {
      fake.script({ when: { model: 'first' }, reply: { silentAfter: 0 } });
      fake.script({ when: { model: 'second' }, reply: { delayMs: 10_000 } });
      fake.script({ when: { model: 'third' }, reply: { text: 'awake' }, times: 1 });
      const call = callOf('q', { silenceMs: 150 });
      expect((await hear(llm, call)).answer).toMatchObject({ model: 'ollama:third', attempts: 3 });
      await fake.waitFor((request) => request.aborted, 2);
      fake.always({ silentAfter: 0 });
      const { error } = await hear(llm, call);
      expect(error).toMatchObject({ code: 'MODEL_TIMEOUT', status: 504, report: { attempts: 3 } });
    });

    it('waits as long as Retry-After says, in seconds or as a date', async () => {
      await llm.close();
      llm = await openLlm(onFake(fake), new Backoff(1));
      const at = new Date(Date.now() + 2000).toUTCString();
      fake.script({ reply: { status: 429, retryAfter: 1 }, times: 1 });
      fake.script({ reply: { status: 503, retryAfter: at }, times: 1 });
      fake.always({ text: 'ok' });
      const { answer } = await hear(llm, callOf('q'));
      expect(answer?.attempts).toBe(3);
      const [one, two, three] = fake.requests().map((request) => request.at);
      expect((two ?? 0) - (one ?? 0)).toBeGreaterThanOrEqual(990);
      expect(three ?? 0).toBeGreaterThanOrEqual(Date.parse(at) - 20);
    });

    it('does not wait past the deadline: it takes the next model, and none after it', async () => {
      fake.script({ when: { model: 'first' }, reply: { status: 503, retryAfter: 100_000 } });
      fake.always({ text: 'second here' });
      const soon = callOf('q', { deadline: Date.now() + 500 });
      expect((await hear(llm, soon)).answer).toMatchObject({ model: 'openai:second', attempts: 2 });
      fake.reset();
      fake.always({ status: 500 });
      const past = callOf('q', { deadline: Date.now() - 1 });
      expect((await hear(llm, past)).error).toMatchObject({ code: 'MODEL_UNAVAILABLE', report: { attempts: 1 } });
    });

    it('waits 0.5 and 1 s, a fifth less or more, where nobody says how long', () => {
      const low = new Backoff(1, () => 0);
      const high = new Backoff(1, () => 1);
      expect([low.delay(0, undefined, undefined), high.delay(0, undefined, undefined)]).toEqual([
        400,
        expect.closeTo(600),
      ]);
      expect([low.delay(2, undefined, undefined), high.delay(2, undefined, undefined)]).toEqual([
        1600,
        expect.closeTo(2400),
      ]);
    });

    it('with no retries configured asks each model once', async () => {
      await llm.close();
      llm = await openLlm(onFake(fake, { retries: 0 }));
      fake.always({ status: 500 });
      expect((await hear(llm, callOf('q'))).error).toMatchObject({ report: { attempts: 3 } });
    });
  });

  describe('after the first token', () => {
    it.each([
      ['the socket is cut', { cutAfter: 2 }, 'MODEL_STREAM_CUT', 502],
      ['it ends without a finish reason', { cutAfter: 2, cut: 'clean' as const }, 'MODEL_STREAM_CUT', 502],
      ['a chunk is broken', { malformedChunk: 2 }, 'MODEL_STREAM_CUT', 502],
      ['it falls silent', { silentAfter: 2 }, 'MODEL_TIMEOUT', 504],
    ])('fails when %s, keeps what came, and tries nothing again', async (_what, reply, code, status) => {
      fake.always({ chunks: ['One ', 'two ', 'three'], betweenMs: 10, ...reply });
      const { texts, error, answer } = await hear(llm, callOf('12345678', { silenceMs: 200 }));
      expect(texts.join('')).toBe('One two ');
      expect(answer).toBeNull();
      expect(error).toMatchObject({ code, status });
      const usage = { inputTokens: 6, outputTokens: 2, estimated: true, costUsd: null };
      expect(error).toMatchObject({ report: { attempts: 1, model: 'openai:first', usage } });
      expect(fake.requests()).toHaveLength(1);
    });

    it('fails with MODEL_UNAVAILABLE when the provider reports an error in its stream', async () => {
      const piece = 'data: {"choices":[{"delta":{"content":"One "},"finish_reason":null}]}\n\n';
      fake.always({ rawChunks: [piece, 'data: {"error":{"message":"overloaded","code":503}}\n\n'] });
      expect(await hear(llm, callOf('q'))).toMatchObject({ texts: ['One '], error: { code: 'MODEL_UNAVAILABLE' } });
      expect(fake.requests()).toHaveLength(1);
    });

    it('is content with a finish reason when the line breaks afterwards', async () => {
      const chunk = 'data: {"choices":[{"delta":{"content":"whole"},"finish_reason":"stop"}]}\n\n';
      fake.always({ rawChunks: [chunk] });
      expect((await hear(llm, callOf('q'))).answer).toMatchObject({ text: 'whole', usage: { estimated: true } });
    });

    it('does not take a listener that keeps the event loop busy for a silent model', async () => {
      fake.always({ chunks: ['a', 'b', 'c'], betweenMs: 20 });
      const answer = await llm.gateway.stream(ACTOR, callOf('q', { silenceMs: 100 }), () => {
        const until = performance.now() + 150;
        while (performance.now() < until);
      });
      expect(answer.text).toBe('abc');
    });
  });

  describe('cancelling', () => {
    it('closes the connection within 250 ms, before and after the first token, and says what was used', async () => {
      for (const reply of [{ silentAfter: 0 }, { chunks: ['One ', 'two '], betweenMs: 60_000 }, { delayMs: 60_000 }]) {
        fake.reset();
        fake.always(reply);
        const control = new AbortController();
        const ended = hear(llm, callOf('q', { signal: control.signal, silenceMs: 60_000 }));
        await fake.waitFor();
        await pause(50);
        const at = performance.timeOrigin + performance.now();
        control.abort(new Error('the user is gone'));
        const { error } = await ended;
        expect(error).toBeInstanceOf(ModelCallAborted);
        expect(error).toMatchObject({ cause: { message: 'the user is gone' }, report: { attempts: 1 } });
        const [request] = await fake.waitFor((one) => one.aborted);
        expect((request?.endedAt ?? 0) - at).toBeLessThan(250);
      }
    });

    it('ends the wait before a further try, and asks nobody with a signal that is aborted', async () => {
      await llm.close();
      llm = await openLlm(onFake(fake), new Backoff(1));
      fake.always({ status: 429, retryAfter: 30 });
      const control = new AbortController();
      setTimeout(() => control.abort(), 100);
      expect((await hear(llm, callOf('q', { signal: control.signal }))).error).toBeInstanceOf(ModelCallAborted);
      await hear(llm, callOf('q', { signal: control.signal }));
      expect(fake.requests()).toHaveLength(1);
    });

    it('closes the connection when who listens throws, and says what it threw', async () => {
      fake.always({ chunks: ['a', 'b'], betweenMs: 60_000 });
      const asked = llm.gateway.stream(ACTOR, callOf('q'), () => {
        throw new Error('enough');
      });
      await expect(asked).rejects.toThrow('enough');
      expect(await fake.waitFor((request) => request.aborted)).toHaveLength(1);
    });
  });
});
