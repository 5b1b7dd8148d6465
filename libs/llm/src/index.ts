export { Backoff } from './calls/backoff.js';
export { ModelGateway } from './calls/model.gateway.js';
export { ModelCallAborted, ModelCallError } from './calls/model-call.errors.js';
export type {
  JsonSchemaCall,
  ModelAnswer,
  ModelCall,
  ModelReport,
  ModelUsage,
  StructuredAnswer,
  ZodCall,
} from './calls/model-call.js';
export { estimateTokens } from './calls/usage.js';
export { type CatalogueDescription, ModelCatalogue } from './catalogue/model.catalogue.js';
export { ModelFacts } from './catalogue/model-facts.js';
export { PRICES_AS_OF, PriceList } from './catalogue/prices.js';
export { renderPrices } from './catalogue/render-prices.js';
export { type EmbeddingAnswer, type EmbeddingCall, EmbeddingGateway } from './embeddings/embedding.gateway.js';
export { llmErrors } from './llm.errors.js';
export { LlmHealth, type ModelsHealth } from './llm.health.js';
export { ModelsIndicator } from './llm.indicator.js';
export { LlmModule } from './llm.module.js';
export type { ChatMessage, FinishReason, OutputSchema } from './providers/chat-model.js';
