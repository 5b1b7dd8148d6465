import type { Embedder, Embeddings, EmbedRequest } from './embedder.js';
import { failureOfStatus } from './http-failure.js';
import { isObject, listAt, memberAt, numberAt, parseJson } from './json.js';
import { correlationHeaders } from './openai-compatible.model.js';
import type { ProviderHttp } from './provider.http.js';
import { ProviderFailure } from './provider-failure.js';

/** `/embeddings` as OpenAI, Ollama, vLLM and their kin answer it. */
export class OpenAiCompatibleEmbedder implements Embedder {
  /** OpenAI takes 2048; what a request holds in tokens is bounded earlier. */
  readonly maxBatch = 256;

  constructor(
    readonly provider: string,
    readonly model: string,
    private readonly http: ProviderHttp,
  ) {}

  async embed(texts: readonly string[], request: EmbedRequest): Promise<Embeddings> {
    const body = JSON.stringify({ model: this.model, input: texts, encoding_format: 'float' });
    const answer = await this.http.json('POST', '/embeddings', {
      body,
      headers: correlationHeaders(request),
      signal: request.signal,
    });
    if (answer.status !== 200) throw failureOfStatus(answer.status, answer.headers, answer.text);
    const value = parseJson(answer.text);
    const data = [...listAt(value, 'data')].sort((one, other) => indexOf(one) - indexOf(other));
    if (data.length === 0) throw new ProviderFailure(isObject(value) ? 'empty' : 'malformed');
    const vectors = data.map((entry) => toVector(memberAt(entry, 'embedding')));
    if (vectors.length !== texts.length) throw new ProviderFailure('malformed');
    return { vectors, inputTokens: numberAt(memberAt(value, 'usage'), 'prompt_tokens') };
  }
}

function indexOf(entry: unknown): number {
  return numberAt(entry, 'index') ?? 0;
}

/** @throws ProviderFailure `malformed` where it is no list of finite numbers */
export function toVector(value: unknown): Float32Array {
  if (!Array.isArray(value) || value.length === 0) throw new ProviderFailure('malformed');
  const vector = new Float32Array(value.length);
  for (const [index, number] of value.entries()) {
    if (typeof number !== 'number' || !Number.isFinite(number)) throw new ProviderFailure('malformed');
    vector[index] = number;
  }
  return vector;
}
