import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import { ProviderGate } from '../calls/provider-gate.js';
import { OfflineModel } from '../offline/offline.model.js';
import { AiSdkEmbedder } from '../providers/ai-sdk.embedder.js';
import { AiSdkModel } from '../providers/ai-sdk.model.js';
import type { ChatModel } from '../providers/chat-model.js';
import type { Embedder } from '../providers/embedder.js';
import { listModels, type ServedModels } from '../providers/model-list.js';
import { OpenAiCompatibleEmbedder } from '../providers/openai-compatible.embedder.js';
import { OpenAiCompatibleModel } from '../providers/openai-compatible.model.js';
import { ProviderHttp } from '../providers/provider.http.js';
import type { ChatCandidate, EmbeddingCandidate } from './candidate.js';
import { isOpenAiItself, openAiUrlOf, type ProviderConfig, type ProviderName } from './provider.defaults.js';

/** The offline model is part of the program: nothing to protect, nothing to wait for. */
const OFFLINE_GATE = {
  maxConcurrent: 100_000,
  maxQueued: 0,
  breakerFailures: 1000,
  breakerSeconds: 1,
  breakerSilenceSeconds: 1,
};

export const OFFLINE = 'offline';

/** Everything that exists once for each provider: its door, its connections, its models. Made on first use. */
@Injectable()
export class ProviderRegistry implements OnModuleDestroy {
  private readonly gates = new Map<string, ProviderGate>();
  private readonly connections = new Map<ProviderName, ProviderHttp>();
  private readonly chats = new Map<string, ChatCandidate>();
  private readonly embedders = new Map<string, EmbeddingCandidate>();

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.connections.values()].map((http) => http.close()));
  }

  offline(): ChatCandidate {
    return once(this.chats, OFFLINE, () => {
      const gate = once(this.gates, OFFLINE, () => new ProviderGate(OFFLINE, OFFLINE_GATE));
      return { name: OFFLINE, gate, chat: new OfflineModel() };
    });
  }

  chat(provider: ProviderName, model: string): ChatCandidate {
    const name = `${provider}:${model}`;
    return once(this.chats, name, () => ({ name, gate: this.gateOf(provider), chat: this.makeChat(provider, model) }));
  }

  embedder(provider: Exclude<ProviderName, 'anthropic'>, model: string): EmbeddingCandidate {
    const name = `${provider}:${model}`;
    return once(this.embedders, name, () => {
      return { name, gate: this.gateOf(provider), embedder: this.makeEmbedder(provider, model) };
    });
  }

  /** What a server of one's own offers; null where it does not say so within `timeoutMs`. */
  served(provider: 'openai' | 'ollama', timeoutMs: number): Promise<ServedModels | null> {
    return listModels(this.httpOf(provider), timeoutMs);
  }

  /** Circuits by provider, for those that have been asked at all. */
  circuits(): ReadonlyMap<string, ProviderGate['state']> {
    return new Map([...this.gates].map(([provider, gate]) => [provider, gate.state]));
  }

  private makeChat(provider: ProviderName, model: string): ChatModel {
    const config = this.configOf(provider);
    if (provider === 'anthropic' || provider === 'google') return new AiSdkModel(provider, model, settingsOf(config));
    const tokensMember = isOpenAiItself(openAiUrlOf(provider, config)) ? 'max_completion_tokens' : 'max_tokens';
    return new OpenAiCompatibleModel({ provider, model, http: this.httpOf(provider), tokensMember });
  }

  private makeEmbedder(provider: Exclude<ProviderName, 'anthropic'>, model: string): Embedder {
    if (provider === 'google') return new AiSdkEmbedder(provider, model, settingsOf(this.configOf(provider)));
    return new OpenAiCompatibleEmbedder(provider, model, this.httpOf(provider));
  }

  private gateOf(provider: ProviderName): ProviderGate {
    return once(this.gates, provider, () => {
      const { max_concurrent, max_queued } = this.configOf(provider);
      const { breaker_failures, breaker_seconds, breaker_silence_seconds } = this.config.models;
      return new ProviderGate(provider, {
        maxConcurrent: max_concurrent,
        maxQueued: max_queued,
        breakerFailures: breaker_failures,
        breakerSeconds: breaker_seconds,
        breakerSilenceSeconds: breaker_silence_seconds,
      });
    });
  }

  private httpOf(provider: 'openai' | 'ollama'): ProviderHttp {
    return once(this.connections, provider, () => {
      const config = this.configOf(provider);
      return new ProviderHttp({
        baseUrl: openAiUrlOf(provider, config),
        headers: {
          ...(config.api_key === null ? {} : { authorization: `Bearer ${config.api_key}` }),
          ...config.headers,
        },
        maxConnections: config.max_concurrent,
      });
    });
  }

  private configOf(provider: ProviderName): ProviderConfig {
    return this.config.models.providers[provider];
  }
}

function settingsOf(config: ProviderConfig) {
  return { apiKey: config.api_key, baseUrl: config.base_url, headers: config.headers };
}

function once<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
