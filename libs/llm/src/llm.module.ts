import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import { Backoff } from './calls/backoff.js';
import { ModelGateway } from './calls/model.gateway.js';
import { ModelCatalogue } from './catalogue/model.catalogue.js';
import { ModelDiscovery } from './catalogue/model.discovery.js';
import { PriceList } from './catalogue/prices.js';
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
    ModelGateway,
    EmbeddingGateway,
    LlmHealth,
    LlmMetrics,
    ModelsIndicator,
    { provide: Backoff, useFactory: () => new Backoff() },
    {
      provide: PriceList,
      useFactory: (config: Config) => new PriceList(config.models.prices, FREE),
      inject: [CONFIG],
    },
  ],
  exports: [ModelsIndicator, ModelGateway, EmbeddingGateway, ModelCatalogue, LlmHealth, PriceList],
})
export class LlmModule {}
