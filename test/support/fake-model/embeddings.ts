import type { ReadChat } from './dialect.js';
import { isObject, listAt, textAt, textOfContent } from './json.js';
import type { FakeRequest } from './record.js';
import { wordBag } from './tokens.js';

/** Reads an embeddings request of OpenAI (`input`) or Google (`content`, `requests[].content`). */
export function readEmbeddings(body: unknown, path: string): ReadChat {
  const texts = textsOf(body);
  return {
    model: textAt(body, 'model')?.replace(/^models\//, '') ?? /\/models\/([^:/]+):/.exec(path)?.[1] ?? '',
    system: '',
    user: texts.at(-1) ?? '',
    schema: null,
    stream: false,
    texts,
    wantsUsage: true,
  };
}

function textsOf(body: unknown): readonly string[] {
  if (!isObject(body)) return [];
  const input = body['input'];
  if (typeof input === 'string') return [input];
  if (Array.isArray(input)) return input.map(String);
  const requests = listAt(body, 'requests');
  if (requests.length > 0) return requests.map((request) => contentText(request));
  return [contentText(body)];
}

function contentText(value: unknown): string {
  const content = isObject(value) ? value['content'] : undefined;
  return textOfContent(isObject(content) ? content['parts'] : undefined);
}

/** The answer's body, with one vector a text. */
export function embeddingsBody(request: FakeRequest, texts: readonly string[], dimensions: number): string {
  const vectors = texts.map((text) => wordBag(text, dimensions));
  if (request.dialect === 'google') {
    const embeddings = vectors.map((values) => ({ values }));
    return JSON.stringify(request.path.includes(':batchEmbed') ? { embeddings } : { embedding: embeddings[0] });
  }
  return JSON.stringify({
    object: 'list',
    model: request.model,
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    usage: { prompt_tokens: request.inputTokens, total_tokens: request.inputTokens },
  });
}
