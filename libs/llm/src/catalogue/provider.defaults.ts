import type { Config } from '@parley/platform/config';

export type ProviderConfig = Config['models']['providers']['openai'];
export type ProviderName = keyof Config['models']['providers'];

/** In the order in which a provider that is on is chosen where no model is named. */
export const PROVIDER_NAMES = ['openai', 'anthropic', 'google', 'ollama'] as const satisfies readonly ProviderName[];

const OLLAMA_URL = 'http://127.0.0.1:11434/v1';
const OPENAI_URL = 'https://api.openai.com/v1';

interface ProviderDefaults {
  /** Models that the provider's own service is known to have; null where that depends on the server. */
  readonly models: { readonly default: string | null; readonly fast: string | null; readonly embedding: string | null };
}

export const PROVIDER_DEFAULTS: Readonly<Record<ProviderName, ProviderDefaults>> = {
  openai: { models: { default: 'gpt-5.4-mini', fast: 'gpt-5.4-nano', embedding: 'text-embedding-3-small' } },
  anthropic: { models: { default: 'claude-sonnet-5-5', fast: 'claude-haiku-5-5', embedding: null } },
  google: {
    models: { default: 'gemini-3.8-flash', fast: 'gemini-3.5-flash-lite', embedding: 'gemini-embedding-001' },
  },
  ollama: { models: { default: null, fast: null, embedding: null } },
};

export function isProviderName(name: string): name is ProviderName {
  return Object.hasOwn(PROVIDER_DEFAULTS, name);
}

/** A key or a base URL turns a provider on. */
export function isOn(config: ProviderConfig): boolean {
  return config.api_key !== null || config.base_url !== null;
}

/** Providers whose address is not their own: what is behind it may charge what it likes. */
export function foreignProviders({ models }: Pick<Config, 'models'>): ReadonlySet<ProviderName> {
  return new Set(
    PROVIDER_NAMES.filter((name) => {
      const url = models.providers[name].base_url;
      return url !== null && !(name === 'openai' && isOpenAiItself(url));
    }),
  );
}

/** Where an OpenAI-compatible provider is spoken to. */
export function openAiUrlOf(provider: ProviderName, config: ProviderConfig): string {
  return config.base_url ?? (provider === 'ollama' ? OLLAMA_URL : OPENAI_URL);
}

/** Servers that know `max_completion_tokens`; the others know `max_tokens`. */
export function isOpenAiItself(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'api.openai.com' || hostname.endsWith('.openai.azure.com');
}
