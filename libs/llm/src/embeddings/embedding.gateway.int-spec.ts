import { FakeModel, wordBag } from '../../../../test/support/fake-model/index.js';
import { ACTOR, type OpenLlm, onFake, openLlm } from '../llm.factory.js';
import type { EmbeddingCall } from './embedding.gateway.js';

const CALL: EmbeddingCall = { silenceMs: 2000, purpose: 'embedding', signal: new AbortController().signal };

describe('embeddings over the wire', () => {
  let fake: FakeModel;
  let llm: OpenLlm;
  const open = async (models: object): Promise<void> => {
    await llm.close();
    llm = await openLlm(models);
  };
  beforeAll(async () => {
    fake = await FakeModel.start();
  });
  beforeEach(async () => {
    fake.reset();
    llm = await openLlm(onFake(fake, { roles: { embedding: ['openai:e1', 'ollama:e2'] } }));
  });
  afterEach(() => llm.close());
  afterAll(() => fake.stop());

  it('gives one vector a text, in order, with the usage of the provider', async () => {
    const texts = ['a red cat', 'a blue dog'];
    const answer = await llm.embeddings.embed(ACTOR, texts, { ...CALL, correlationId: 'corr-9' });
    expect(answer).toMatchObject({ model: 'openai:e1', dimensions: 64, attempts: 1 });
    expect(answer.vectors.map((vector) => [...vector])).toEqual(
      texts.map((text) => [...Float32Array.from(wordBag(text, 64))]),
    );
    expect(answer.usage).toMatchObject({ inputTokens: fake.usageOf().input, outputTokens: 0, estimated: false });
    expect(fake.request().headers['x-correlation-id']).toBe('corr-9');
  });

  it('estimates the usage where what the provider gives can be no count', async () => {
    const body = { data: [{ index: 0, embedding: [0.6, 0.8] }], usage: { prompt_tokens: -3 } };
    fake.always({ rawChunks: [JSON.stringify(body)], rawType: 'application/json' });
    const { usage } = await llm.embeddings.embed(ACTOR, ['a red cat'], CALL);
    expect(usage).toMatchObject({ inputTokens: 3, outputTokens: 0, estimated: true });
  });

  it('sends many texts in batches', async () => {
    const texts = Array.from({ length: 600 }, (_, index) => `text ${index}`);
    const { vectors, attempts } = await llm.embeddings.embed(ACTOR, texts, CALL);
    expect(vectors).toHaveLength(600);
    expect(attempts).toBe(3);
    expect([...(vectors[599] ?? [])]).toEqual([...Float32Array.from(wordBag('text 599', 64))]);
  });

  it('keeps the one retry rule', async () => {
    fake.script({ when: { model: 'e1' }, reply: { status: 503 } });
    const answer = await llm.embeddings.embed(ACTOR, ['x'], CALL);
    expect(answer).toMatchObject({ model: 'ollama:e2', attempts: 4 });
    fake.reset();
    fake.always({ status: 400 });
    const named = llm.embeddings.embed(ACTOR, ['x'], { ...CALL, model: 'ollama:e2' });
    await expect(named).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE', report: { attempts: 1 } });
  });

  it('watches for silence, and ends with its caller', async () => {
    fake.always({ silentAfter: 0 });
    const silent = llm.embeddings.embed(ACTOR, ['x'], { ...CALL, silenceMs: 100 });
    await expect(silent).rejects.toMatchObject({ code: 'MODEL_TIMEOUT', report: { attempts: 2 } });
    const control = new AbortController();
    const cancelled = llm.embeddings.embed(ACTOR, ['x'], { ...CALL, signal: control.signal });
    await fake.waitFor({}, 3);
    control.abort(new Error('no longer'));
    await expect(cancelled).rejects.toMatchObject({ name: 'ModelCallAborted', report: { attempts: 1 } });
    await fake.waitFor((request) => request.aborted, 3);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['a vector too few', '{"data":[{"index":0,"embedding":[1,2]}]}'],
    ['no numbers', '{"data":[{"index":0,"embedding":["a"]},{"index":1,"embedding":["b"]}]}'],
  ])('takes %s for no answer', async (_what, body) => {
    fake.always({ rawChunks: [body] });
    const asked = llm.embeddings.embed(ACTOR, ['x', 'y'], { ...CALL, model: 'openai:e1' });
    await expect(asked).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE', report: { attempts: 3 } });
  });

  it('speaks with Google through its package', async () => {
    await open({ providers: { google: { api_key: 'k', base_url: fake.googleUrl } } });
    expect(await llm.embeddings.model()).toBe('google:gemini-embedding-001');
    const texts = ['a red cat', 'a blue dog'];
    const answer = await llm.embeddings.embed(ACTOR, texts, CALL);
    expect(answer).toMatchObject({ model: 'google:gemini-embedding-001', usage: { estimated: true } });
    expect(answer.vectors).toHaveLength(2);
    expect((await llm.embeddings.embed(ACTOR, ['one'], CALL)).vectors).toHaveLength(1);
    fake.always({ status: 503 });
    await expect(llm.embeddings.embed(ACTOR, texts, CALL)).rejects.toMatchObject({ report: { attempts: 3 } });
  });

  it('says plainly that nothing embeds: there is no offline embedder', async () => {
    await open({});
    expect(await llm.embeddings.model()).toBeNull();
    const asked = llm.embeddings.embed(ACTOR, ['x'], CALL);
    await expect(asked).rejects.toMatchObject({ code: 'CAPABILITY_UNAVAILABLE', status: 503 });
    await open({ providers: { anthropic: { api_key: 'k' } } });
    expect(await llm.embeddings.model()).toBeNull();
  });

  it('knows only the models that are configured', async () => {
    const asked = llm.embeddings.embed(ACTOR, ['x'], { ...CALL, model: 'openai:e9' });
    await expect(asked).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });
});
