import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { failureOfSdkError } from './ai-sdk.failure.js';
import { type AiSdkSettings, loadEmbeddingModel } from './ai-sdk.providers.js';
import type { Embedder, Embeddings, EmbedRequest } from './embedder.js';
import { toVector } from './openai-compatible.embedder.js';
import { correlationHeaders } from './openai-compatible.model.js';
import { ProviderFailure } from './provider-failure.js';

/** Vectors through an AI SDK provider package. */
export class AiSdkEmbedder implements Embedder {
  /** Google's own bound. */
  readonly maxBatch = 100;
  private loaded: Promise<EmbeddingModelV4> | null = null;

  constructor(
    readonly provider: 'google',
    readonly model: string,
    private readonly settings: AiSdkSettings,
  ) {}

  async embed(texts: readonly string[], request: EmbedRequest): Promise<Embeddings> {
    this.loaded ??= loadEmbeddingModel(this.model, this.settings);
    const model = await this.loaded;
    const { signal } = request;
    try {
      const answer = await model.doEmbed({
        values: [...texts],
        abortSignal: signal,
        headers: correlationHeaders(request),
      });
      if (answer.embeddings.length !== texts.length) throw new ProviderFailure('malformed');
      return { vectors: answer.embeddings.map(toVector), inputTokens: answer.usage?.tokens ?? null };
    } catch (error) {
      signal.throwIfAborted();
      throw failureOfSdkError(error, 'call');
    }
  }
}
