import { FakeModel } from '../../../../test/support/fake-model/index.js';
import type { ChatPart } from './chat-model.js';
import { OpenAiCompatibleModel } from './openai-compatible.model.js';
import { ProviderHttp } from './provider.http.js';

const chunk = (choice: object, more: object = {}) => `data: ${JSON.stringify({ choices: [choice], ...more })}\n\n`;
const said = (content: string) => chunk({ delta: { content }, finish_reason: null });
const STOP = chunk({ delta: {}, finish_reason: 'stop' });

describe('servers that speak OpenAI chat completions in their own way', () => {
  let fake: FakeModel;
  let http: ProviderHttp;
  beforeAll(async () => {
    fake = await FakeModel.start();
    http = new ProviderHttp({ baseUrl: `${fake.url}/?api-version=7`, headers: {}, maxConnections: 4 });
  });
  beforeEach(() => fake.reset());
  afterAll(async () => {
    await http.close();
    await fake.stop();
  });

  async function read(): Promise<ChatPart[]> {
    const model = new OpenAiCompatibleModel({ provider: 'openai', model: 'm', http, tokensMember: 'max_tokens' });
    const request = { messages: [{ role: 'user' as const, content: 'q' }], purpose: 'answer' };
    const parts: ChatPart[] = [];
    for await (const part of model.stream(request, new AbortController().signal)) parts.push(part);
    return parts;
  }
  const finish = (finishReason: string, usage: object | null = null) => ({ type: 'finish', finishReason, usage });

  it('keeps the query of the base URL', async () => {
    fake.always({ rawChunks: [said('x'), STOP] });
    await read();
    expect(fake.request().path).toBe('/v1/chat/completions?api-version=7');
  });

  it('reads an answer in one piece from a server that does not stream', async () => {
    const body = {
      choices: [{ message: { content: 'All at once.' }, finish_reason: 'length' }],
      usage: { prompt_tokens: 3, completion_tokens: 4 },
    };
    fake.always({ rawChunks: [JSON.stringify(body)], rawType: 'application/json; charset=utf-8' });
    expect(await read()).toEqual([
      { type: 'text-delta', delta: 'All at once.' },
      finish('length', { inputTokens: 3, outputTokens: 4 }),
    ]);
  });

  it('keeps reasoning apart from the answer', async () => {
    const thought = chunk({ delta: { reasoning_content: 'Hm.' } });
    fake.always({ rawChunks: [thought, chunk({ delta: { reasoning: 'Ah.' } }), said('Yes.'), STOP] });
    const parts = await read();
    expect(parts.filter(({ type }) => type === 'reasoning-delta')).toHaveLength(2);
    expect(parts.filter(({ type }) => type === 'text-delta')).toEqual([{ type: 'text-delta', delta: 'Yes.' }]);
  });

  it.each([
    ['tool_calls', 'tool-calls'],
    ['function_call', 'tool-calls'],
    ['eos', 'other'],
  ])('translates the finish reason %s', async (finish_reason, expected) => {
    fake.always({ rawChunks: [said('x'), chunk({ delta: {}, finish_reason })] });
    expect((await read()).at(-1)).toEqual(finish(expected));
  });

  it('takes events that arrive in pieces, together, with comments, and with usage beside the finish reason', async () => {
    const last = chunk(
      { delta: { content: 'c' }, finish_reason: 'stop' },
      { usage: { prompt_tokens: 1, completion_tokens: 2 } },
    );
    fake.always({
      rawChunks: [': ping\n\n', said('a').slice(0, 20), said('a').slice(20) + said('b'), `${last}data: [DONE]\n\n`],
    });
    const parts = await read();
    expect(parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')).toBe('abc');
    expect(parts.at(-1)).toEqual(finish('stop', { inputTokens: 1, outputTokens: 2 }));
  });

  it('is done at [DONE], and closes a line that is held open after it', async () => {
    fake.always({ rawChunks: [said('x'), `${STOP}data: [DONE]\n\n`], silentAfter: 0 });
    const startedAt = performance.now();
    expect(await read()).toHaveLength(2);
    expect(performance.now() - startedAt).toBeLessThan(900);
    await fake.waitFor((request) => request.aborted, 1, 3000);
  });

  it.each([
    ['[DONE] without a finish reason', [said('x'), 'data: [DONE]\n\n'], 'cut'],
    ['something that is no chunk', [said('x'), 'data: 7\n\n'], 'malformed'],
    ['an event without end', [said('x'), `data: ${'y'.repeat(1_200_000)}`], 'malformed'],
    ['a page of HTML', ['<html>'], 'cut'],
  ])('fails on %s', async (_what, rawChunks, kind) => {
    fake.always({ rawChunks });
    await expect(read()).rejects.toMatchObject({ name: 'ProviderFailure', kind });
  });

  it('reads an error that has another shape, also a large one', async () => {
    fake.always({ rawChunks: [`data: ${JSON.stringify({ error: { message: 'x', status: 429 } })}\n\n`] });
    await expect(read()).rejects.toMatchObject({ kind: 'error', facts: { status: 429 }, retryable: true });
    fake.reset();
    fake.always({ status: 500, error: { message: 'x'.repeat(3_000_000) } });
    await expect(read()).rejects.toMatchObject({ kind: 'status', facts: { status: 500 } });
  });
});
