import type { TokenCounts } from '../providers/chat-model.js';

/** US dollars for a million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Where a longer prompt costs more: from how many input tokens on, and then how much. */
  readonly long?: { readonly above: number; readonly input: number; readonly output: number };
}

/**
 * When the table was last compared with the providers' price lists, and where those are. Standard tier,
 * without discounts for cached input: a bill may be lower, not higher.
 */
export const PRICES_AS_OF = '2026-11-20';
export const PRICE_SOURCES = [
  'https://developers.openai.com/api/docs/pricing',
  'https://platform.claude.com/docs/en/about-claude/pricing',
  'https://ai.google.dev/gemini-api/docs/pricing',
] as const;

export const PRICE_TABLE: ReadonlyMap<string, Price> = new Map<string, Price>(
  Object.entries({
    'openai:gpt-6-sol': { input: 2, output: 10 },
    'openai:gpt-6-luna': { input: 0.1, output: 0.5 },
    'openai:gpt-5.6-terra': { input: 2, output: 12 },
    'openai:gpt-5.4': { input: 2.5, output: 15 },
    'openai:gpt-5.4-mini': { input: 0.75, output: 4.5 },
    'openai:gpt-5.4-nano': { input: 0.2, output: 1.25 },
    'openai:gpt-4.1': { input: 2, output: 8 },
    'openai:gpt-4.1-mini': { input: 0.4, output: 1.6 },
    'openai:gpt-4o-mini': { input: 0.15, output: 0.6 },
    'openai:text-embedding-3-small': { input: 0.02, output: 0 },
    'openai:text-embedding-3-large': { input: 0.13, output: 0 },
    'anthropic:claude-opus-5-5': { input: 4, output: 20 },
    'anthropic:claude-sonnet-5-5': { input: 2, output: 10 },
    'anthropic:claude-sonnet-5': { input: 2, output: 10 },
    'anthropic:claude-haiku-5-5': { input: 0.1, output: 0.5, long: { above: 100_000, input: 0.5, output: 2.5 } },
    'anthropic:claude-haiku-4-5': { input: 1, output: 5 },
    'google:gemini-3.8-flash': { input: 0.75, output: 3.75 },
    'google:gemini-3.5-flash': { input: 1.5, output: 9 },
    'google:gemini-3.5-flash-lite': { input: 0.3, output: 2.5 },
    'google:gemini-embedding-001': { input: 0.15, output: 0 },
    offline: { input: 0, output: 0 },
  }),
);

/** Prices that a deployment set, by `provider:model`. */
export type ConfiguredPrices = Readonly<
  Record<string, { readonly input_per_million: number; readonly output_per_million: number }>
>;

/** What holds for all models of a provider, unless a price is configured. */
export interface PricedProviders {
  /** They cost nothing by the token: servers of one's own. */
  readonly free: ReadonlySet<string>;
  /** They are spoken to at another address than the table's: a name proves no price. */
  readonly foreign: ReadonlySet<string>;
}

/** The price list of one installation: what it configured, over the table that ships. */
export class PriceList {
  constructor(
    private readonly configured: ConfiguredPrices,
    private readonly providers: PricedProviders = { free: new Set(), foreign: new Set() },
  ) {}

  /** @param model `provider:model`; null where nobody knows its price */
  priceOf(model: string): Price | null {
    const own = Object.hasOwn(this.configured, model) ? this.configured[model] : undefined;
    if (own !== undefined) return { input: own.input_per_million, output: own.output_per_million };
    const provider = model.split(':', 1)[0] ?? model;
    if (this.providers.free.has(provider)) return { input: 0, output: 0 };
    return this.providers.foreign.has(provider) ? null : (PRICE_TABLE.get(model) ?? null);
  }

  /** Whether what it costs is what the table says, and so as old as the table. */
  isFromTable(model: string): boolean {
    return !Object.hasOwn(this.configured, model) && PRICE_TABLE.get(model) === this.priceOf(model);
  }

  /** US dollars; null where the price is not known. */
  costOf(model: string, { inputTokens, outputTokens }: TokenCounts): number | null {
    const price = this.priceOf(model);
    if (price === null) return null;
    const rate = price.long !== undefined && inputTokens > price.long.above ? price.long : price;
    return (inputTokens * rate.input + outputTokens * rate.output) / 1_000_000;
  }
}
