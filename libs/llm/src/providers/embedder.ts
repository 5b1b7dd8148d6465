/** A model that turns texts into vectors. */
export interface Embedder {
  readonly provider: string;
  readonly model: string;
  /** Most texts in one request. */
  readonly maxBatch: number;
  /**
   * Asks once. One vector a text, in order.
   * @throws ProviderFailure, or the signal's reason
   */
  embed(texts: readonly string[], request: EmbedRequest): Promise<Embeddings>;
}

export interface EmbedRequest {
  readonly signal: AbortSignal;
  readonly correlationId?: string;
  readonly traceparent?: string;
}

export interface Embeddings {
  readonly vectors: readonly Float32Array[];
  /** Null where the provider gave no count. */
  readonly inputTokens: number | null;
}
