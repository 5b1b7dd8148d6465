import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config, ConfigError } from '@parley/platform/config';
import { llmErrors } from '../llm.errors.js';
import type { ChatCandidate, EmbeddingCandidate } from './candidate.js';
import { ModelDiscovery } from './model.discovery.js';
import { isOn, isProviderName, PROVIDER_DEFAULTS, PROVIDER_NAMES, type ProviderName } from './provider.defaults.js';
import { OFFLINE, ProviderRegistry } from './provider.registry.js';

/** Roles in which a model may hold a conversation. */
export const MODEL_ROLES = ['default', 'fast', 'vision', 'judge'] as const;
export type ModelRole = (typeof MODEL_ROLES)[number];

/** A model by provider and name; a null name is asked of the server when it is needed. */
type ModelRef = { readonly provider: ProviderName; readonly model: string | null } | typeof OFFLINE;

export interface CatalogueDescription {
  /** For each role who answers, in order of fallback; `provider:*` where the server has not been asked yet. */
  readonly roles: Readonly<Record<ModelRole | 'embedding', readonly string[]>>;
  readonly providers: readonly { readonly name: ProviderName; readonly on: boolean }[];
  /** Nothing is configured and nothing was found: the built-in responder answers, which is no language model. */
  readonly offline: boolean;
}

/** Which models there are, and which one does what. */
@Injectable()
export class ModelCatalogue implements OnModuleInit {
  private readonly chains: Readonly<Record<ModelRole, readonly ModelRef[]>>;
  private readonly embedding: readonly ModelRef[];

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly registry: ProviderRegistry,
    private readonly discovery: ModelDiscovery,
  ) {
    this.chains = {
      default: this.defaultChain(),
      fast: this.chainOf('fast'),
      vision: this.chainOf('vision'),
      judge: this.chainOf('judge'),
    };
    this.embedding = this.embeddingChain();
  }

  /** Looks for Ollama in the background: the start does not wait for it. */
  onModuleInit(): void {
    if (this.seeksOllama()) this.discovery.lookForOllama();
  }

  /**
   * The models of a role in order of fallback, or the one model of that name.
   * @throws MODEL_UNKNOWN for a name that the configuration does not list
   */
  async candidates(name: string): Promise<readonly ChatCandidate[]> {
    if (isRole(name)) return this.resolveAll(this.chains[name]);
    const known = await this.resolveAll(this.allRefs());
    const exact = known.find((candidate) => candidate.name === name);
    const found = exact ?? known.find((candidate) => candidate.chat.model === name);
    if (found === undefined) throw llmErrors.MODEL_UNKNOWN({ detail: `There is no model ${JSON.stringify(name)}.` });
    return [found];
  }

  /** @throws CAPABILITY_UNAVAILABLE where nothing embeds, MODEL_UNKNOWN for a name that is not listed */
  async embedders(name?: string): Promise<readonly EmbeddingCandidate[]> {
    const resolved = await Promise.all(this.embedding.map((ref) => this.resolveEmbedder(ref)));
    const all = resolved.filter((candidate) => candidate !== null);
    if (all.length === 0) throw llmErrors.CAPABILITY_UNAVAILABLE({ detail: 'No model for embeddings is configured.' });
    if (name === undefined) return all;
    const found = all.filter((candidate) => candidate.name === name);
    if (found.length === 0) throw llmErrors.MODEL_UNKNOWN({ detail: 'There is no model for embeddings of this name.' });
    return found;
  }

  /** What is known without asking anybody. */
  describe(): CatalogueDescription {
    const say = (refs: readonly ModelRef[], kind: 'chat' | 'embedding') => refs.map((ref) => this.nameOf(ref, kind));
    const { default: answers, fast, vision, judge } = this.chains;
    const roles = {
      default: say(answers, 'chat'),
      fast: say(fast, 'chat'),
      vision: say(vision, 'chat'),
      judge: say(judge, 'chat'),
      embedding: say(this.embedding, 'embedding'),
    };
    const providers = PROVIDER_NAMES.map((name) => ({ name, on: this.isOn(name) }));
    return { roles, providers, offline: roles.default[0] === OFFLINE };
  }

  private async resolveAll(refs: readonly ModelRef[]): Promise<readonly ChatCandidate[]> {
    const resolved = await Promise.all(refs.map((ref) => this.resolve(ref)));
    return [...new Set(resolved)];
  }

  private async resolve(ref: ModelRef): Promise<ChatCandidate> {
    if (ref === OFFLINE) {
      const found = this.seeksOllama() ? await this.discovery.ollama() : null;
      return found === null ? this.registry.offline() : this.registry.chat('ollama', found);
    }
    const { provider, model } = ref;
    return this.registry.chat(provider, model ?? (await this.discovery.chatModel(servedBy(provider))));
  }

  private async resolveEmbedder(ref: ModelRef): Promise<EmbeddingCandidate | null> {
    if (ref === OFFLINE || ref.provider === 'anthropic') return null;
    const { provider, model } = ref;
    const name = model ?? (await this.discovery.embeddingModel(servedBy(provider)));
    return name === null ? null : this.registry.embedder(provider, name);
  }

  private nameOf(ref: ModelRef, kind: 'chat' | 'embedding'): string {
    if (ref === OFFLINE) {
      const found = this.discovery.knownOllama();
      return found === null ? OFFLINE : `ollama:${found}`;
    }
    return `${ref.provider}:${ref.model ?? this.discovery.known(servedBy(ref.provider), kind) ?? '*'}`;
  }

  private defaultChain(): readonly ModelRef[] {
    const named = this.named('default');
    if (named.length > 0) return named;
    const first = this.firstOn();
    return first === undefined ? [OFFLINE] : [this.modelOf(first, 'default')];
  }

  /** What the role names; else what its provider names for it; else as `default`. */
  private chainOf(role: Exclude<ModelRole, 'default'>): readonly ModelRef[] {
    const named = this.named(role);
    if (named.length > 0) return named;
    const first = this.firstOn();
    if (role === 'fast' && first !== undefined) {
      const { models } = this.config.models.providers[first];
      const derived = this.config.models.roles.default.length === 0 && models.default === null;
      if (models.fast !== null || (derived && this.isOwnService(first))) return [this.modelOf(first, 'fast')];
    }
    return this.defaultChain();
  }

  private embeddingChain(): readonly ModelRef[] {
    const named = this.named('embedding');
    if (named.length > 0) return named;
    const embeds = (name: ProviderName): boolean =>
      this.config.models.providers[name].models.embedding !== null || name !== 'anthropic';
    const first = PROVIDER_NAMES.find((name) => this.isOn(name) && embeds(name));
    return first === undefined ? [] : [this.modelOf(first, 'embedding')];
  }

  /** What the provider's configuration names; else what its own service has; a server of one's own is asked. */
  private modelOf(provider: ProviderName, kind: 'default' | 'fast' | 'embedding'): ModelRef {
    const { models } = this.config.models.providers[provider];
    const usual = this.isOwnService(provider) ? PROVIDER_DEFAULTS[provider].models[kind] : null;
    return { provider, model: models[kind] ?? usual };
  }

  private named(role: ModelRole | 'embedding'): readonly ModelRef[] {
    return this.config.models.roles[role].map((name) => this.parse(name, role));
  }

  private parse(name: string, role: string): ModelRef {
    if (name === OFFLINE) return OFFLINE;
    const colon = name.indexOf(':');
    const provider = name.slice(0, colon);
    if (!isProviderName(provider)) throw refuse(role, `names the provider ${provider}, which there is not`);
    // Ollama needs neither key nor address: naming one of its models is enough.
    if (provider !== 'ollama' && !this.isOn(provider)) {
      throw refuse(role, `names a model of ${provider}, which has neither a key nor a base URL`);
    }
    return { provider, model: name.slice(colon + 1) };
  }

  private allRefs(): readonly ModelRef[] {
    const configured = PROVIDER_NAMES.filter((name) => this.isOn(name)).flatMap((provider) => {
      const { default: answers, fast } = this.config.models.providers[provider].models;
      return [answers, fast].filter((model) => model !== null).map((model) => ({ provider, model }));
    });
    return [...MODEL_ROLES.flatMap((role) => this.chains[role]), ...configured];
  }

  private firstOn(): ProviderName | undefined {
    return PROVIDER_NAMES.find((name) => this.isOn(name));
  }

  private isOn(name: ProviderName): boolean {
    return isOn(this.config.models.providers[name]);
  }

  /** What is behind an address of one's own may serve anything, where many servers speak the same wire. */
  private isOwnService(provider: ProviderName): boolean {
    return (
      this.config.models.providers[provider].base_url === null || provider === 'anthropic' || provider === 'google'
    );
  }

  private seeksOllama(): boolean {
    const { discover_ollama, roles } = this.config.models;
    return discover_ollama && this.firstOn() === undefined && roles.default.length === 0;
  }
}

export function isRole(name: string): name is ModelRole {
  return MODEL_ROLES.some((role) => role === name);
}

/** Only these are asked what they serve. */
function servedBy(provider: ProviderName): 'openai' | 'ollama' {
  return provider === 'ollama' ? 'ollama' : 'openai';
}

function refuse(role: string, problem: string): ConfigError {
  return new ConfigError([{ source: `models.roles.${role}`, problem }]);
}
