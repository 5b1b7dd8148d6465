import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider';

export interface AiSdkSettings {
  readonly apiKey: string | null;
  /** Null is the provider's own. */
  readonly baseUrl: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** A server behind a base URL of one's own may need no key, but the packages insist on one. */
const NO_KEY = 'none';

/** The packages load on first use: they are heavy, and most installations need one or none of them. */
export async function loadLanguageModel(
  provider: 'anthropic' | 'google',
  model: string,
  settings: AiSdkSettings,
): Promise<LanguageModelV4> {
  const options = optionsOf(settings);
  if (provider === 'anthropic') {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    return createAnthropic(options).languageModel(model);
  }
  const { createGoogle } = await import('@ai-sdk/google');
  return createGoogle(options).languageModel(model);
}

export async function loadEmbeddingModel(model: string, settings: AiSdkSettings): Promise<EmbeddingModelV4> {
  const { createGoogle } = await import('@ai-sdk/google');
  return createGoogle(optionsOf(settings)).embeddingModel(model);
}

function optionsOf({ apiKey, baseUrl, headers }: AiSdkSettings) {
  return {
    apiKey: apiKey ?? NO_KEY,
    headers: { ...headers },
    ...(baseUrl === null ? {} : { baseURL: baseUrl }),
  };
}
