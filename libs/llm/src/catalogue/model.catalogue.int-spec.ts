import { FakeModel } from '../../../../test/support/fake-model/index.js';
import { callOf, hear, type OpenLlm, openLlm } from '../llm.factory.js';

describe('the catalogue of models', () => {
  let fake: FakeModel;
  let opened: OpenLlm[] = [];
  const open = async (models: object): Promise<OpenLlm> => {
    const llm = await openLlm(models);
    opened.push(llm);
    return llm;
  };
  const names = async (llm: OpenLlm, role: string) => (await llm.catalogue.candidates(role)).map(({ name }) => name);
  beforeAll(async () => {
    fake = await FakeModel.start({ models: ['text-embed-x', 'llama-9', 'qwen-7'] });
  });
  beforeEach(() => fake.reset());
  afterEach(async () => {
    await Promise.all(opened.map((llm) => llm.close()));
    opened = [];
  });
  afterAll(() => fake.stop());

  it('with nothing configured lets the offline model answer, and says so', async () => {
    const llm = await open({});
    expect(llm.catalogue.describe()).toMatchObject({
      offline: true,
      roles: { default: ['offline'], fast: ['offline'], embedding: [] },
    });
    const { answer } = await hear(llm, callOf('Hello'));
    expect(answer).toMatchObject({ model: 'offline', attempts: 1, usage: { costUsd: 0 } });
    expect(llm.health.modelsHealth()).toMatchObject({ status: 'ok', reason: expect.stringContaining('offline') });
  });

  it('takes the first provider that is on, with the models its service is known to have', async () => {
    const llm = await open({ providers: { google: { api_key: 'g' }, anthropic: { api_key: 'a' } } });
    expect(llm.catalogue.describe().roles).toEqual({
      default: ['anthropic:claude-sonnet-5-5'],
      fast: ['anthropic:claude-haiku-5-5'],
      vision: ['anthropic:claude-sonnet-5-5'],
      judge: ['anthropic:claude-sonnet-5-5'],
      embedding: ['google:gemini-embedding-001'],
    });
    const openai = await open({ providers: { openai: { api_key: 'o', models: { fast: 'tiny' } } } });
    expect(await names(openai, 'fast')).toEqual(['openai:tiny']);
  });

  it('lets a role without models do as the default does', async () => {
    const llm = await open({ roles: { default: ['openai:a', 'ollama:b'] }, providers: { openai: { api_key: 'o' } } });
    expect(await names(llm, 'judge')).toEqual(['openai:a', 'ollama:b']);
    expect(await names(llm, 'fast')).toEqual(['openai:a', 'ollama:b']);
  });

  it('asks a server of one’s own what it serves, once, when it is first needed', async () => {
    const llm = await open({ providers: { openai: { base_url: fake.url } } });
    expect(llm.catalogue.describe().roles.default).toEqual(['openai:*']);
    expect((await hear(llm, callOf('q'))).answer?.model).toBe('openai:llama-9');
    expect(llm.catalogue.describe().roles).toMatchObject({
      default: ['openai:llama-9'],
      embedding: ['openai:text-embed-x'],
    });
    expect(await llm.embeddings.model()).toBe('openai:text-embed-x');
  });

  it('falls back to the usual name where a server gives no list', async () => {
    const llm = await open({ providers: { openai: { base_url: 'http://127.0.0.1:9/v1' } } });
    expect(await names(llm, 'default')).toEqual(['openai:gpt-5.4-mini']);
    expect(await llm.embeddings.model()).toBeNull();
  });

  it('takes Ollama behind an address of its own like any other server', async () => {
    const llm = await open({ providers: { ollama: { base_url: fake.url } } });
    expect(await names(llm, 'default')).toEqual(['ollama:llama-9']);
    expect((await hear(llm, callOf('q'))).answer).toMatchObject({ model: 'ollama:llama-9', usage: { costUsd: 0 } });
  });

  it.each([
    [{ roles: { default: ['openai:x'] } }, /models\.roles\.default.*neither a key nor a base URL/],
    [{ roles: { judge: ['mistral:x'] } }, /models\.roles\.judge.*mistral/],
  ])('does not start on a role that nobody can fill', async (models, message) => {
    await expect(openLlm(models)).rejects.toThrow(message);
  });
});
