import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import type { ServedModels } from '../providers/model-list.js';
import { PROVIDER_DEFAULTS } from './provider.defaults.js';
import { ProviderRegistry } from './provider.registry.js';

type Server = 'openai' | 'ollama';

/** A local server answers at once or is not there. */
const OLLAMA_TIMEOUT_MS = 500;
const SERVER_TIMEOUT_MS = 3000;
/** How long a search that found nothing counts. */
const STALE_MS = 30_000;

/** Asks servers of one's own which models they serve, where the configuration names none. */
@Injectable()
export class ModelDiscovery {
  private readonly logger = new Logger(ModelDiscovery.name);
  private readonly found = new Map<Server, ServedModels>();
  private readonly searches = new Map<Server, { readonly result: Promise<ServedModels | null>; readonly at: number }>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(ProviderRegistry) private readonly registry: Pick<ProviderRegistry, 'served'>,
  ) {}

  /** Starts a search and does not wait for it. */
  lookForOllama(): void {
    void this.search('ollama', OLLAMA_TIMEOUT_MS).then((served) => {
      const [model] = served?.chat ?? [];
      if (model !== undefined) this.logger.log(`Ollama was found and answers with ${model}`);
    });
  }

  /** The model of a local Ollama; null where there is none. A miss is forgotten after a while. */
  async ollama(): Promise<string | null> {
    return (await this.search('ollama', OLLAMA_TIMEOUT_MS))?.chat[0] ?? null;
  }

  knownOllama(): string | null {
    return this.found.get('ollama')?.chat[0] ?? null;
  }

  /** The first model that a server serves; the provider's usual one where it gives no list. */
  async chatModel(server: Server): Promise<string> {
    const served = await this.search(server, SERVER_TIMEOUT_MS);
    return pick(served?.chat ?? [], PROVIDER_DEFAULTS[server].models.default) ?? 'default';
  }

  /** Null where the server serves none; a key speaks for the provider's own service behind another address. */
  async embeddingModel(server: Server): Promise<string | null> {
    const served = await this.search(server, SERVER_TIMEOUT_MS);
    const usual =
      this.config.models.providers[server].api_key === null ? null : PROVIDER_DEFAULTS[server].models.embedding;
    return pick(served?.embedding ?? [], usual);
  }

  known(server: Server, kind: 'chat' | 'embedding'): string | null {
    return this.found.get(server)?.[kind][0] ?? null;
  }

  private search(server: Server, timeoutMs: number): Promise<ServedModels | null> {
    const last = this.searches.get(server);
    if (last !== undefined && (this.found.has(server) || Date.now() - last.at < STALE_MS)) return last.result;
    const result = this.registry.served(server, timeoutMs).then((served) => {
      if (served !== null) this.found.set(server, served);
      return served;
    });
    this.searches.set(server, { result, at: Date.now() });
    return result;
  }
}

/** The usual model where it is served or nothing is known, else the first that is. */
function pick(served: readonly string[], usual: string | null): string | null {
  if (usual !== null && (served.length === 0 || served.includes(usual))) return usual;
  return served[0] ?? null;
}
