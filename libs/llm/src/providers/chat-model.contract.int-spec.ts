import { FakeModel } from '../../../../test/support/fake-model/index.js';
import { OfflineModel } from '../offline/offline.model.js';
import { AiSdkModel } from './ai-sdk.model.js';
import type { ChatModel, ChatPart, ChatRequest } from './chat-model.js';
import { OpenAiCompatibleModel } from './openai-compatible.model.js';
import { ProviderHttp } from './provider.http.js';
import { ProviderFailure } from './provider-failure.js';

const REQUEST: ChatRequest = {
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is red?' },
    { role: 'assistant', content: 'A colour.' },
    { role: 'user', content: 'What is blue?' },
  ],
  purpose: 'answer',
  temperature: 0.5,
  maxOutputTokens: 100,
  correlationId: 'corr-7',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};
const SCHEMA = {
  type: 'object',
  properties: { colour: { type: 'string' } },
  required: ['colour'],
  additionalProperties: false,
};

async function read(model: ChatModel, request = REQUEST, signal = new AbortController().signal) {
  const parts: ChatPart[] = [];
  let error: unknown = null;
  try {
    for await (const part of model.stream(request, signal)) parts.push(part);
  } catch (thrown) {
    error = thrown;
  }
  const text = parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('');
  return { parts, text, error, last: parts.at(-1) };
}

const httpPools: ProviderHttp[] = [];

/** Every adapter, on the wire of its provider. */
const ADAPTERS: Readonly<Record<string, (fake: FakeModel) => ChatModel>> = {
  'openai-compatible': (fake) => {
    const http = new ProviderHttp({ baseUrl: fake.url, headers: { authorization: 'Bearer key' }, maxConnections: 10 });
    httpPools.push(http);
    return new OpenAiCompatibleModel({ provider: 'openai', model: 'm', http, tokensMember: 'max_tokens' });
  },
  anthropic: (fake) =>
    new AiSdkModel('anthropic', 'claude-sonnet-4-5', { apiKey: 'key', baseUrl: fake.anthropicUrl, headers: {} }),
  google: (fake) =>
    new AiSdkModel('google', 'gemini-2.5-flash', { apiKey: 'key', baseUrl: fake.googleUrl, headers: {} }),
};

describe.each(Object.entries(ADAPTERS))('a chat model over %s', (dialect, make) => {
  let fake: FakeModel;
  let model: ChatModel;
  beforeAll(async () => {
    fake = await FakeModel.start();
    model = make(fake);
  });
  beforeEach(() => fake.reset());
  afterAll(async () => {
    await Promise.all(httpPools.splice(0).map((http) => http.close()));
    await fake.stop();
  });

  it('streams text in pieces and ends with finish reason and usage', async () => {
    fake.always({ chunks: ['The ', 'sky ', 'is.'], betweenMs: 20, usage: { input: 11, output: 7 } });
    const { parts, text, error } = await read(model);
    expect(error).toBeNull();
    expect(text).toBe('The sky is.');
    expect(parts.filter(({ type }) => type === 'text-delta').length).toBeGreaterThan(1);
    expect(parts.at(-1)).toEqual({ type: 'finish', finishReason: 'stop', usage: { inputTokens: 11, outputTokens: 7 } });
  });

  it('tells the provider who said what, with parameters and correlation', async () => {
    await read(model);
    const request = fake.request();
    expect(request).toMatchObject({
      dialect: dialect.replace('-compatible', ''),
      system: 'Be brief.',
      user: 'What is blue?',
    });
    expect(JSON.stringify(request.body)).toContain('A colour.');
    expect(JSON.stringify(request.body)).toMatch(/"(max_tokens|maxOutputTokens)":100/);
    expect(JSON.stringify(request.body)).toContain('"temperature":0.5');
    expect(request.headers).toMatchObject({ 'x-correlation-id': 'corr-7', traceparent: REQUEST.traceparent });
  });

  it.each([
    ['length', 'length'],
    ['content_filter', 'content-filter'],
  ])('translates the finish reason %s', async (said, finishReason) => {
    fake.always({ text: 'x', finishReason: said });
    expect((await read(model)).last).toMatchObject({ type: 'finish', finishReason });
  });

  it('asks for JSON of a schema', async () => {
    fake.always({ json: { colour: 'blue' } });
    const { text } = await read(model, { ...REQUEST, schema: { name: 'colour_pick', schema: SCHEMA } });
    expect(JSON.parse(text)).toEqual({ colour: 'blue' });
    expect(fake.request().schema?.schema).toMatchObject({ properties: { colour: { type: 'string' } } });
  });

  it.each([
    [429, true],
    [500, true],
    [503, true],
    [400, false],
    [401, false],
  ])('reports an HTTP %i, once', async (status, retryable) => {
    fake.always({ status, retryAfter: 7 });
    const { error } = await read(model);
    expect(error).toBeInstanceOf(ProviderFailure);
    expect(error).toMatchObject({ kind: 'status', facts: { status, retryAfterMs: 7000 }, retryable });
    expect(fake.requests()).toHaveLength(1);
  });

  it('reports a connection that cannot be made, or breaks', async () => {
    fake.always({ chunks: ['a', 'b'], cutAfter: 1 });
    const broken = await read(model);
    expect(broken.error).toBeInstanceOf(ProviderFailure);
    expect(broken.error).toMatchObject({ kind: expect.stringMatching(/connection|error/), retryable: true });
    const elsewhere = await FakeModel.start();
    const nobody = make(elsewhere);
    await elsewhere.stop();
    expect((await read(nobody)).error).toMatchObject({ kind: 'connection', countsAgainstProvider: true });
  });

  it('reports a stream that ends without the finish reason of the provider', async () => {
    fake.always({ chunks: ['a', 'b'], cutAfter: 2, cut: 'clean' });
    const { text, error } = await read(model);
    expect(text).toBe('ab');
    expect(error).toMatchObject({ name: 'ProviderFailure', kind: expect.stringMatching(/cut|malformed/) });
  });

  it('reports a broken chunk', async () => {
    fake.always({ chunks: ['a', 'b'], malformedChunk: 1, betweenMs: 5 });
    const { text, error } = await read(model);
    expect(text).toBe('a');
    expect(error).toMatchObject({ name: 'ProviderFailure', kind: 'malformed' });
  });

  it('closes the connection when it is aborted, and when its reader leaves', async () => {
    fake.always({ chunks: ['a', 'b'], betweenMs: 60_000 });
    const control = new AbortController();
    const reading = read(model, REQUEST, control.signal);
    await fake.waitFor((request) => request.firstTokenAt !== null);
    const enough = new Error('enough');
    control.abort(enough);
    expect((await reading).error).toBe(enough);
    await fake.waitFor((request) => request.aborted, 1);
    const leaving = new AbortController();
    for await (const part of model.stream(REQUEST, leaving.signal)) if (part.type === 'text-delta') break;
    leaving.abort();
    await fake.waitFor((request) => request.aborted, 2);
  });

  it('lets an empty reply be seen as one', async () => {
    fake.always({ empty: true });
    const { text, last } = await read(model);
    expect(text).toBe('');
    expect(last).toMatchObject({ type: 'finish', finishReason: 'stop' });
  });
});

describe('the offline model', () => {
  const model = new OfflineModel();

  it('keeps the same contract: pieces, finish reason, usage, abort', async () => {
    const { parts, text, last } = await read(model);
    expect(parts.length).toBeGreaterThan(2);
    expect(text).toContain('not a language model');
    expect(last).toMatchObject({ type: 'finish', finishReason: 'stop', usage: { inputTokens: expect.any(Number) } });
    const aborted = await read(model, REQUEST, AbortSignal.abort(new Error('enough')));
    expect(aborted).toMatchObject({ text: '', error: { message: 'enough' } });
  });

  it('stops at the bound on output', async () => {
    const { text, last } = await read(model, { ...REQUEST, maxOutputTokens: 5 });
    expect(text.length).toBeLessThanOrEqual(24);
    expect(last).toMatchObject({ finishReason: 'length' });
  });
});
