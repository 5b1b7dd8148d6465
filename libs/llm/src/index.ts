export { Backoff } from './calls/backoff.js';
export { ModelGateway } from './calls/model.gateway.js';
export { ModelCallAborted, ModelCallError } from './calls/model-call.errors.js';
export type {
  JsonSchemaCall,
  ModelAnswer,
  ModelCall,
  ModelReport,
  StructuredAnswer,
} from './calls/model-call.js';
export { estimateTokens } from './calls/usage.js';
export { type CatalogueDescription, ModelCatalogue } from './catalogue/model.catalogue.js';
export { ModelFacts } from './catalogue/model-facts.js';
export { PRICES_AS_OF, PriceList } from './catalogue/prices.js';
/** @public scripts/gen.mjs takes it from the build, which holds only what a door names */
export { renderPrices } from './catalogue/render-prices.js';
export { llmErrors } from './llm.errors.js';
export { LlmHealth } from './llm.health.js';
export { ModelsIndicator } from './llm.indicator.js';
export { LlmModule } from './llm.module.js';
export type { ChatMessage } from './providers/chat-model.js';
