import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { FakeModel } from './index.js';

/** Reads an OpenAI stream: the raw body, its pieces of text, and what broke it. */
async function stream(fake: FakeModel, body: object): Promise<{ raw: string; text: string; broken: boolean }> {
  const response = await post(fake, { stream: true, ...body });
  let raw = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) raw += decoder.decode(chunk, { stream: true });
  } catch {
    return { raw, text: textOf(raw), broken: true };
  }
  return { raw, text: textOf(raw), broken: false };
}

function textOf(raw: string): string {
  return [...raw.matchAll(/"content":("(?:[^"\\]|\\.)*")/g)].map((match) => JSON.parse(match[1] ?? '""')).join('');
}

function post(fake: FakeModel, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${fake.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-correlation-id': 'abc' },
    body: JSON.stringify({ model: 'fake-1', messages: [{ role: 'user', content: 'Hello' }], ...body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

describe('the fake model', () => {
  let fake: FakeModel;
  beforeAll(async () => {
    fake = await FakeModel.start();
  });
  beforeEach(() => fake.reset());
  afterAll(() => fake.stop());

  it('answers every call with a text of its own, streamed and whole', async () => {
    const first = await stream(fake, {});
    const second = await stream(fake, {});
    expect(first.text).toContain('Hello');
    expect(first.text).not.toBe(second.text);
    expect(first.raw.endsWith('data: [DONE]\n\n')).toBe(true);
    const whole: unknown = await (await post(fake, {})).json();
    expect(whole).toMatchObject({ choices: [{ message: { content: expect.stringContaining('Hello') } }] });
  });

  it('takes the first script that fits, by user, system, schema, call and times', async () => {
    fake.script({ when: { user: /weather/g }, reply: { text: 'sunny' }, times: 1 });
    fake.script({ when: { user: /weather/, call: 2 }, reply: { text: 'second' } });
    fake.script({ when: { system: /pirate/ }, reply: { text: 'arr' } });
    fake.script({ when: { schema: 'vote' }, reply: { json: { candidate: 'A' } } });
    const weather = { messages: [{ role: 'user', content: 'the weather?' }] };
    expect((await stream(fake, weather)).text).toBe('sunny');
    expect((await stream(fake, weather)).text).toContain('Reply');
    expect((await stream(fake, weather)).text).toBe('second');
    expect((await stream(fake, { messages: [{ role: 'system', content: 'a pirate' }] })).text).toBe('arr');
    const schema = { type: 'json_schema', json_schema: { name: 'vote', schema: {} } };
    expect((await stream(fake, { response_format: schema })).text).toBe('{"candidate":"A"}');
  });

  it('fails with status and Retry-After', async () => {
    fake.always({ status: 429, retryAfter: 3 });
    const response = await post(fake, {});
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await response.json()).toMatchObject({ error: { message: 'scripted 429' } });
  });

  it('cuts the socket, ends without finish reason, breaks a chunk, and says nothing', async () => {
    fake.script({ reply: { chunks: ['a', 'b', 'c'], cutAfter: 2 }, times: 1 });
    expect(await stream(fake, {})).toMatchObject({ text: 'ab', broken: true });
    fake.script({ reply: { chunks: ['a', 'b', 'c'], cutAfter: 1, cut: 'clean' }, times: 1 });
    const clean = await stream(fake, {});
    expect(clean).toMatchObject({ text: 'a', broken: false });
    expect(clean.raw).not.toContain('[DONE]');
    fake.script({ reply: { chunks: ['a', 'b'], malformedChunk: 1 }, times: 1 });
    expect((await stream(fake, {})).raw).toContain('data: {"choices":[{"de\n\n');
    fake.script({ reply: { text: 'never', silentAfter: 0 }, times: 1 });
    await expect(post(fake, { stream: true }, AbortSignal.timeout(200)).then((r) => r.text())).rejects.toThrow();
    const silent = await fake.waitFor((request) => request.aborted);
    expect(silent).toHaveLength(1);
    expect(fake.requests((request) => request.cut)).toHaveLength(1);
  });

  it('carries U+0000, lone surrogates and raw bodies as they are', async () => {
    fake.script({ reply: { chunks: ['a\u0000b', '\ud83d', '\ude00'] }, times: 1 });
    const { raw } = await stream(fake, {});
    expect(raw).toContain('"a\\u0000b"');
    expect(raw).toContain('"\\ud83d"');
    fake.script({ reply: { rawChunks: ['data: x', '\n\n'] }, times: 1 });
    expect((await stream(fake, {})).raw).toBe('data: x\n\n');
  });

  it('reports usage where it is asked for, and sums what it reported', async () => {
    fake.script({ reply: { text: '12345678' } });
    const asked = await stream(fake, { stream_options: { include_usage: true } });
    expect(asked.raw).toContain('"usage":{"prompt_tokens":2,"completion_tokens":2,"total_tokens":4}');
    const unasked = await stream(fake, {});
    expect(unasked.raw).not.toContain('usage');
    expect(fake.usageOf({ user: /Hello/ })).toEqual({ input: 2, output: 2 });
    expect(fake.request({ correlationId: 'abc' }, 2)).toMatchObject({ user: 'Hello', model: 'fake-1', stream: true });
  });

  it('embeds the same text as the same vector, and near texts near', async () => {
    const embed = async (input: string[]): Promise<number[][]> => {
      const response = await fetch(`${fake.url}/embeddings`, { method: 'POST', body: JSON.stringify({ input }) });
      const { data } = JSON.parse(await response.text());
      return data.map((entry: { embedding: number[] }) => entry.embedding);
    };
    const [cat, same, near, far] = await embed(['a red cat', 'a red cat', 'the red cat', 'quarterly tax report']);
    const dot = (a: number[] = [], b: number[] = []) =>
      a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
    expect(cat).toEqual(same);
    expect(dot(cat, near)).toBeGreaterThan(dot(cat, far));
  });

  it('spaces the chunks of a stream and notices who leaves in the middle', async () => {
    fake.always({ chunks: ['a', 'b', 'c', 'd'], betweenMs: 100 });
    const left = new AbortController();
    const response = await post(fake, { stream: true }, left.signal);
    await response.body?.getReader().read();
    left.abort();
    const [request] = await fake.waitFor((one) => one.aborted);
    expect(request?.sent.length).toBeLessThan(4);
  });

  it('runs as a process and is scripted over HTTP', async () => {
    const child = spawn(process.execPath, [`${import.meta.dirname}/start.mjs`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = await once(child.stdout, 'data');
      const { url, port } = JSON.parse(String(line));
      const control = `http://127.0.0.1:${port}/_fake`;
      const scripts = [{ when: { user: { source: 'HELLO', flags: 'i' } }, reply: { text: 'from afar' } }];
      await fetch(`${control}/scripts`, { method: 'POST', body: JSON.stringify(scripts) });
      const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }] });
      const answer = await fetch(`${url}/chat/completions`, { method: 'POST', body });
      expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'from afar' } }] });
      expect(await (await fetch(`${control}/requests`)).json()).toMatchObject([{ user: 'hello' }]);
      const refused = await fetch(`${control}/scripts`, { method: 'POST', body: '[{"reply":{"txt":1}}]' });
      expect(refused.status).toBe(400);
    } finally {
      child.kill();
    }
  });
});
