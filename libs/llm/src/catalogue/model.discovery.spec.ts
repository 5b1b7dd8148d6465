import { Logger } from '@nestjs/common';
import { configSchema } from '@parley/platform/config';
import type { ServedModels } from '../providers/model-list.js';
import { ModelCatalogue } from './model.catalogue.js';
import { ModelDiscovery } from './model.discovery.js';
import { ProviderRegistry } from './provider.registry.js';

/** A machine on which Ollama serves what `served` says, or is not there. */
function machine(models: object = {}) {
  const state: { served: ServedModels | null; asked: number } = { served: null, asked: 0 };
  const config = configSchema.parse({ models });
  const discovery = new ModelDiscovery(config, {
    served: () => {
      state.asked += 1;
      return Promise.resolve(state.served);
    },
  });
  const registry = new ProviderRegistry(config);
  const catalogue = new ModelCatalogue(config, registry, discovery);
  const answers = async () => (await catalogue.candidates('default')).map(({ name }) => name);
  return { state, catalogue, answers };
}

const LLAMA: ServedModels = { chat: ['llama-9', 'qwen-7'], embedding: [] };

describe('looking for Ollama', () => {
  beforeAll(() => Logger.overrideLogger(false));
  afterEach(() => {
    jest.useRealTimers();
  });

  it('answers with its first model where nothing is configured, and with nothing else', async () => {
    const { state, catalogue, answers } = machine();
    state.served = LLAMA;
    expect(await answers()).toEqual(['ollama:llama-9']);
    expect(catalogue.describe()).toMatchObject({ offline: false, roles: { default: ['ollama:llama-9'] } });
    expect((await catalogue.candidates('ollama:llama-9')).map(({ name }) => name)).toEqual(['ollama:llama-9']);
    await answers();
    expect(state.asked).toBe(1);
  });

  it('starts when the module does, without being waited for', async () => {
    const { state, catalogue } = machine();
    state.served = LLAMA;
    expect(catalogue.onModuleInit()).toBeUndefined();
    expect(catalogue.describe().offline).toBe(true);
    await new Promise(setImmediate);
    expect(catalogue.describe().offline).toBe(false);
  });

  it('leaves the offline model answering where there is none, and looks again after a while', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
    const { state, answers } = machine();
    expect(await answers()).toEqual(['offline']);
    state.served = LLAMA;
    expect(await answers()).toEqual(['offline']);
    jest.advanceTimersByTime(31_000);
    expect(await answers()).toEqual(['ollama:llama-9']);
    expect(state.asked).toBe(2);
  });

  it.each([
    ['a provider is on', { providers: { openai: { api_key: 'k' } } }],
    ['a model is named', { roles: { default: ['offline'] } }],
    ['it is switched off', { discover_ollama: false }],
  ])('does not happen where %s', async (_why, models) => {
    const { state, catalogue, answers } = machine(models);
    state.served = LLAMA;
    catalogue.onModuleInit();
    expect(await answers()).not.toContain('ollama:llama-9');
    expect(state.asked).toBe(0);
  });
});
