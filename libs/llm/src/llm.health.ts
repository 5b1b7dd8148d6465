import { Injectable } from '@nestjs/common';
import { ModelCatalogue } from './catalogue/model.catalogue.js';
import { ProviderRegistry } from './catalogue/provider.registry.js';

export interface ModelsHealth {
  readonly status: 'ok' | 'degraded';
  /** Why, without addresses or secrets. */
  readonly reason?: string;
  /** Who answers, in order of fallback. */
  readonly models: readonly string[];
}

/** What `/health` says about models. Asks nobody: a paid model is never called to see whether it is there. */
@Injectable()
export class LlmHealth {
  constructor(
    private readonly catalogue: ModelCatalogue,
    private readonly registry: ProviderRegistry,
  ) {}

  modelsHealth(): ModelsHealth {
    const { roles, offline } = this.catalogue.describe();
    const refusing = [...this.registry.circuits()].filter(([, state]) => state !== 'closed').map(([name]) => name);
    if (refusing.length > 0) {
      const reason = `not asked for a while after repeated failures: ${refusing.join(', ')}`;
      return { status: 'degraded', reason, models: roles.default };
    }
    const reason = 'no model is configured: the built-in offline responder answers';
    return { status: 'ok', models: roles.default, ...(offline ? { reason } : {}) };
  }
}
