import { PRICES_AS_OF, PriceList } from '@parley/llm';
import { judgePrices } from './doctor.product.js';

const FRESH = new Date(PRICES_AS_OF);
const LATER = new Date(FRESH.getTime() + 181 * 86_400_000);
const rolesOf = (model: string) => ({
  roles: { default: [model], fast: [model], vision: [model], judge: [model], embedding: [] },
});
const judge = (model: string, now: Date, prices = new PriceList({})) => judgePrices(rolesOf(model), prices, now);

describe('what the doctor says of prices', () => {
  it('is the day of the table', () => {
    expect(judge('openai:gpt-5.4', FRESH)).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining(PRICES_AS_OF),
    });
  });

  it('is a warning after half a year, where the table is what counts', () => {
    expect(judge('openai:gpt-5.4', LATER)).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('181 days'),
    });
    const own = new PriceList({ 'openai:gpt-5.4': { input_per_million: 1, output_per_million: 1 } });
    expect(judge('openai:gpt-5.4', LATER, own).status).toBe('ok');
    const local = new PriceList({}, { free: new Set(['ollama']), foreign: new Set() });
    expect(judge('ollama:llama-9', LATER, local).status).toBe('ok');
    expect(judge('offline', LATER).status).toBe('ok');
  });

  it('is a warning where nobody knows what a model costs', () => {
    expect(judge('openai:my-own', FRESH)).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('openai:my-own'),
      remedy: 'Set models.prices.',
    });
    expect(judge('openai:*', FRESH).status).toBe('ok');
  });
});
