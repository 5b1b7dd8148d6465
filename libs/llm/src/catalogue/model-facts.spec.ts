import { openLlm } from '../llm.factory.js';
import type { ModelFacts } from './model-facts.js';

async function facts<T>(models: object, look: (facts: ModelFacts) => T): Promise<T> {
  const open = await openLlm(models);
  try {
    return look(open.facts);
  } finally {
    await open.close();
  }
}

const MODELS = {
  roles: { default: ['openai:gpt-4.1', 'anthropic:claude-haiku-5-5'], fast: ['openai:own'] },
  providers: { openai: { api_key: 'k' }, anthropic: { api_key: 'k', models: { default: 'claude-opus-5-5' } } },
  context_tokens: { 'openai:own': 8192 },
};

describe('facts about models', () => {
  it('know roles and configured models, by their full and their bare names', async () => {
    const names = ['default', 'vision', 'openai:gpt-4.1', 'gpt-4.1', 'anthropic:claude-opus-5-5', 'own'];
    const strange = ['embedding', 'gpt-4', 'openai:', 'anthropic:gpt-4.1', ''];
    const known = await facts(MODELS, (one) => [...names, ...strange].map((name) => one.isModel(name)));
    expect(known).toEqual([...names.map(() => true), ...strange.map(() => false)]);
  });

  it('know how much whoever may answer reads at once, the least of a role', async () => {
    const reads = await facts(MODELS, (one) =>
      ['default', 'fast', 'openai:gpt-4.1', 'own'].map((name) => one.contextTokens(name)),
    );
    expect(reads).toEqual([200_000, 8192, 1_047_576, 8192]);
  });

  it('do not guess: the offline responder and unknown models have no bound', async () => {
    expect(await facts({}, (one) => [one.isModel('default'), one.contextTokens('default')])).toEqual([true, null]);
  });

  it('let every model of a server pass that has not been asked yet what it serves', async () => {
    const models = { providers: { openai: { base_url: 'http://127.0.0.1:9/v1' } } };
    expect(await facts(models, (one) => [one.isModel('openai:anything'), one.isModel('google:anything')])).toEqual([
      true,
      false,
    ]);
  });
});
