import { z } from 'zod';
import { FakeModel } from '../../../../test/support/fake-model/index.js';
import type { ModelCall } from '../calls/model-call.js';
import { ACTOR, callOf, type OpenLlm, onFake, openLlm } from '../llm.factory.js';

const vote = z.strictObject({ candidate: z.enum(['A', 'B']), confidence: z.number().min(0).max(1) });
const VOTE_SCHEMA = { name: 'agent_vote', schema: vote };

describe('structured output over the wire', () => {
  let fake: FakeModel;
  let llm: OpenLlm;
  const ask = (more: Partial<ModelCall> = {}) => {
    const { schema: _schema, ...call } = callOf('Who wins?', { model: 'openai:first', ...more });
    return llm.gateway.structured(ACTOR, { ...call, schema: VOTE_SCHEMA });
  };
  beforeAll(async () => {
    fake = await FakeModel.start();
  });
  beforeEach(async () => {
    fake.reset();
    llm = await openLlm(onFake(fake));
  });
  afterEach(() => llm.close());
  afterAll(() => fake.stop());

  it('asks by JSON Schema under the name of the task, and gives the checked value', async () => {
    fake.always({ json: { candidate: 'B', confidence: 0.8 } });
    const { value, repaired, answer } = await ask();
    expect(value).toEqual({ candidate: 'B', confidence: 0.8 });
    expect(repaired).toBe(false);
    expect(answer).toMatchObject({ attempts: 1, model: 'openai:first' });
    const { response_format: format } = Object(fake.request({ schema: 'agent_vote' }).body);
    expect(format).toMatchObject({ type: 'json_schema', json_schema: { name: 'agent_vote', strict: true } });
  });

  it.each([
    ['a code fence', '```json\n{"candidate":"A","confidence":1}\n```'],
    ['talk around it', 'Sure! {"candidate":"A","confidence":1} Anything else?'],
  ])('reads JSON in %s', async (_what, text) => {
    fake.always({ text });
    expect((await ask()).value).toEqual({ candidate: 'A', confidence: 1 });
  });

  it('repairs once, with the findings, and adds up what both calls cost', async () => {
    fake.script({ reply: { json: { candidate: 'C', confidence: 7 } }, times: 1 });
    fake.always({ json: { candidate: 'A', confidence: 0.7 } });
    const { value, repaired, answer } = await ask();
    expect(value).toEqual({ candidate: 'A', confidence: 0.7 });
    expect(repaired).toBe(true);
    const { input, output } = fake.usageOf();
    expect(answer).toMatchObject({ attempts: 2, usage: { inputTokens: input, outputTokens: output } });
    const { messages } = Object(fake.request({}, 2).body);
    expect(messages).toHaveLength(3);
    expect(messages[1]).toEqual({ role: 'assistant', content: '{"candidate":"C","confidence":7}' });
    expect(messages[2].content).toMatch(/\/candidate/);
    expect(messages[2].content).toMatch(/\/confidence/);
  });

  it.each([
    ['does not fit', { json: { candidate: 'C' } }],
    ['is no JSON', { text: 'I would rather not.' }],
    ['is cut at its length', { text: '{"candidate":"A","conf', finishReason: 'length' }],
  ])('gives up after one repair when the reply %s', async (_what, reply) => {
    fake.always(reply);
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'MODEL_OUTPUT_INVALID', status: 422, report: { attempts: 2 } });
    expect(Object(error).report.usage.inputTokens).toBe(fake.usageOf().input);
    expect(Object(error).facts.errors.length).toBeGreaterThan(0);
    expect(fake.requests()).toHaveLength(2);
  });

  it('carries what the first call cost when the repair fails', async () => {
    fake.script({ reply: { json: {} }, times: 1 });
    fake.always({ status: 400 });
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'MODEL_UNAVAILABLE', report: { attempts: 2 } });
    expect(Object(error).report.usage.inputTokens).toBe(fake.usageOf().input);
  });

  it('carries what the first call cost when the repair is cancelled', async () => {
    fake.script({ reply: { json: {} }, times: 1 });
    fake.always({ silentAfter: 0 });
    const control = new AbortController();
    const asked = ask({ signal: control.signal }).catch((thrown: unknown) => thrown);
    await fake.waitFor({}, 2);
    control.abort();
    expect(await asked).toMatchObject({
      name: 'ModelCallAborted',
      report: { attempts: 2, usage: { outputTokens: 1 } },
    });
  });

  it('checks by a JSON Schema that a user brings, and refuses what is none', async () => {
    const { schema: _schema, ...call } = callOf('x', { model: 'openai:first' });
    const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 3 } }, required: ['n'] };
    fake.always({ json: { n: 2 } });
    const asked = llm.gateway.structured(ACTOR, { ...call, schema: { name: 'custom', schema } });
    await expect(asked).rejects.toMatchObject({ facts: { errors: [{ pointer: '/n', code: 'minimum' }] } });
    const broken = { name: 'custom', schema: { type: 'nonsense' } };
    await expect(llm.gateway.structured(ACTOR, { ...call, schema: broken })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  it('is not stopped by a pattern that takes for ever', async () => {
    const { schema: _schema, ...call } = callOf('x', { model: 'openai:first' });
    const schema = { type: 'string', pattern: '^(a+)+$' };
    fake.always({ json: `${'a'.repeat(60)}!` });
    const startedAt = performance.now();
    const asked = llm.gateway.structured(ACTOR, { ...call, schema: { name: 'slow', schema } });
    await expect(asked).rejects.toMatchObject({
      code: 'MODEL_OUTPUT_INVALID',
      facts: { errors: [{ code: 'timeout' }] },
    });
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  describe('servers that understand less', () => {
    const refused = (message: string) => ({ status: 400, error: { message } });

    it('falls back to JSON mode, then to words, and remembers it', async () => {
      fake.script({ reply: refused("response_format type 'json_schema' is not supported"), times: 1 });
      fake.script({ reply: refused("response_format type 'json_object' is not supported"), times: 1 });
      fake.always({ json: { candidate: 'A', confidence: 1 } });
      expect((await ask()).answer).toMatchObject({ attempts: 3, model: 'openai:first' });
      const [, second, third] = fake.requests().map(({ body }) => Object(body));
      expect(second.response_format).toEqual({ type: 'json_object' });
      expect(third.response_format).toBeUndefined();
      expect(third.messages[0].content).toContain('"candidate"');
      expect((await ask()).answer.attempts).toBe(1);
    });

    it.each([
      [
        "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
        { max_completion_tokens: 9, temperature: 0.3, top_p: 0.4 },
      ],
      ["Unsupported value: 'temperature' does not support 0.3", { max_tokens: 9, top_p: 0.4 }],
      ['top_p is not supported', { max_tokens: 9, temperature: 0.3 }],
    ])('leaves out or renames what is refused: %s', async (message, sent) => {
      fake.script({ reply: refused(message), times: 1 });
      fake.always({ json: { candidate: 'A', confidence: 1 } });
      const more = { temperature: 0.3, topP: 0.4, maxOutputTokens: 9 };
      expect((await ask(more)).answer.attempts).toBe(2);
      const {
        model: _m,
        messages: _s,
        stream: _t,
        stream_options: _o,
        response_format: _f,
        ...rest
      } = Object(fake.request({}, 2).body);
      expect(rest).toEqual(sent);
    });

    it('does without usage in streams where a server refuses it', async () => {
      fake.script({ reply: refused('unknown field stream_options'), times: 1 });
      fake.always({ json: { candidate: 'A', confidence: 1 } });
      expect((await ask()).answer.usage.estimated).toBe(true);
    });

    it('does not ask the same again for what it cannot mend', async () => {
      fake.always(refused('max_tokens is too large: 9'));
      await expect(ask({ maxOutputTokens: 9 })).rejects.toMatchObject({ report: { attempts: 1 } });
    });
  });
});
