import { listAt, parseJson, textAt } from './json.js';
import type { ProviderHttp } from './provider.http.js';

/** Names of models that do not chat. */
const NO_CHAT = /embed|bge|minilm|rerank|whisper|tts|moderation|dall-e|image/i;
const EMBEDS = /embed|bge|minilm|nomic/i;

export interface ServedModels {
  readonly chat: readonly string[];
  readonly embedding: readonly string[];
}

/** What an OpenAI-compatible server lists at `/models`; null where it gives no list in time. Costs nothing anywhere. */
export async function listModels(http: ProviderHttp, timeoutMs: number): Promise<ServedModels | null> {
  const signal = AbortSignal.timeout(timeoutMs);
  const answer = await http.json('GET', '/models', { signal }).catch(() => null);
  if (answer === null || answer.status !== 200) return null;
  const names = listAt(parseJson(answer.text), 'data').flatMap((entry) => textAt(entry, 'id') ?? []);
  return {
    chat: names.filter((name) => !NO_CHAT.test(name)),
    embedding: names.filter((name) => EMBEDS.test(name)),
  };
}
