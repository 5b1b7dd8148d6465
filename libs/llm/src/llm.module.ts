import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import { Backoff } from './calls/backoff.js';
import { ModelGateway } from './calls/model.gateway.js';
import { ModelCatalogue } from './catalogue/model.catalogue.js';
import { ModelDiscovery } from './catalogue/model.discovery.js';
import { ModelFacts } from './catalogue/model-facts.js';
import { PriceList } from './catalogue/prices.js';
import { foreignProviders } from './catalogue/provider.defaults.js';
import { ProviderRegistry } from './catalogue/provider.registry.js';
import { EmbeddingGateway } from './embeddings/embedding.gateway.js';
import { LlmHealth } from './llm.health.js';
import { ModelsIndicator } from './llm.indicator.js';
import { LlmMetrics } from './llm.metrics.js';

/** A server of one's own costs nothing by the token. */
const FREE = new Set(['ollama']);

@Module({
  providers: [
    ProviderRegistry,
    ModelDiscovery,
    ModelCatalogue,
    ModelFacts,
    ModelGateway,
    EmbeddingGateway,
    LlmHealth,
    LlmMetrics,
    ModelsIndicator,
    { provide: Backoff, useFactory: () => new Backoff() },
    {
      provide: PriceList,
      useFactory: (config: Config) =>
        new PriceList(config.models.prices, { free: FREE, foreign: foreignProviders(config) }),
      inject: [CONFIG],
    },
  ],
  exports: [ModelsIndicator, ModelGateway, EmbeddingGateway, ModelCatalogue, ModelFacts, LlmHealth, PriceList],
})
export class LlmModule {}
