import { configSchema } from '@parley/platform/config';
import { type ConfiguredPrices, PRICE_SOURCES, PRICES_AS_OF, PriceList } from './prices.js';
import { foreignProviders } from './provider.defaults.js';

const counts = (inputTokens: number, outputTokens: number) => ({ inputTokens, outputTokens });

describe('the price list', () => {
  it('is dated and sourced', () => {
    expect(new Date(PRICES_AS_OF).toISOString()).toContain(PRICES_AS_OF);
    for (const source of PRICE_SOURCES) expect(new URL(source).protocol).toBe('https:');
  });

  it('prices input and output by the million', () => {
    const list = new PriceList({});
    expect(list.costOf('openai:gpt-5.4-mini', counts(1_000_000, 1_000_000))).toBeCloseTo(5.25);
    expect(list.costOf('offline', counts(1000, 1000))).toBe(0);
  });

  it('takes the rate for long prompts where there is one', () => {
    const list = new PriceList({});
    expect(list.costOf('anthropic:claude-haiku-5-5', counts(100_000, 0))).toBeCloseTo(0.01);
    expect(list.costOf('anthropic:claude-haiku-5-5', counts(200_000, 0))).toBeCloseTo(0.1);
  });

  it('lets the configuration win, and knows no price of strangers', () => {
    const list = new PriceList(
      { 'openai:gpt-5.4': { input_per_million: 1, output_per_million: 0 } },
      { free: new Set(['ollama']), foreign: new Set() },
    );
    expect(list.costOf('openai:gpt-5.4', counts(500_000, 9))).toBe(0.5);
    expect(list.costOf('openai:my-own', counts(1, 1))).toBeNull();
    expect(list.costOf('ollama:anything', counts(1, 1))).toBe(0);
    expect(list.costOf('constructor', counts(1, 1))).toBeNull();
  });

  it('does not charge the prices of a provider for what another server calls by the same name', () => {
    const at = (base_url: string | null) => {
      const config = configSchema.parse({ models: { providers: { openai: { api_key: 'k', base_url } } } });
      const own = { 'openai:gpt-4.1': { input_per_million: 1, output_per_million: 1 } };
      const providers = { free: new Set<string>(), foreign: foreignProviders(config) };
      const cost = (prices: ConfiguredPrices) =>
        new PriceList(prices, providers).costOf('openai:gpt-4.1', counts(1_000_000, 0));
      return [cost({}), cost(own)];
    };
    expect(at(null)).toEqual([2, 1]);
    expect(at('https://api.openai.com/v1')).toEqual([2, 1]);
    expect(at('https://mine.openai.azure.com/openai/v1')).toEqual([2, 1]);
    expect(at('http://127.0.0.1:8000/v1')).toEqual([null, 1]);
  });
});
