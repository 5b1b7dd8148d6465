import { Test } from '@nestjs/testing';
import { type Actor, systemActor } from '@parley/auth';
import { ConfigModule, configSchema } from '@parley/platform/config';
import type { FakeModel } from '../../../test/support/fake-model/index.js';
import { Backoff } from './calls/backoff.js';
import { ModelGateway } from './calls/model.gateway.js';
import type { ModelAnswer, ModelCall } from './calls/model-call.js';
import { ModelCatalogue } from './catalogue/model.catalogue.js';
import { ModelFacts } from './catalogue/model-facts.js';
import { EmbeddingGateway } from './embeddings/embedding.gateway.js';
import { LlmHealth } from './llm.health.js';
import { LlmModule } from './llm.module.js';

export const ACTOR: Actor = systemActor('org_01ARZ3NDEKTSV4RRFFQ69G5FAV', []);

export interface OpenLlm {
  readonly gateway: ModelGateway;
  readonly embeddings: EmbeddingGateway;
  readonly catalogue: ModelCatalogue;
  readonly facts: ModelFacts;
  readonly health: LlmHealth;
  close(): Promise<void>;
}

/** The library as the program runs it, with waits between tries shortened to a hundredth. */
export async function openLlm(models: object, backoff = new Backoff(0.01)): Promise<OpenLlm> {
  const config = configSchema.parse({ models: { discover_ollama: false, ...models } });
  const module = await Test.createTestingModule({ imports: [ConfigModule.forRoot(config), LlmModule] })
    .overrideProvider(Backoff)
    .useValue(backoff)
    .compile();
  module.useLogger(false);
  await module.init();
  return {
    gateway: module.get(ModelGateway),
    embeddings: module.get(EmbeddingGateway),
    catalogue: module.get(ModelCatalogue),
    facts: module.get(ModelFacts),
    health: module.get(LlmHealth),
    close: () => module.close(),
  };
}

/** Two models of one fake OpenAI and one of a fake Ollama, in this order of fallback. */
export function onFake(fake: FakeModel, more: object = {}): object {
  return {
    roles: { default: ['openai:first', 'openai:second', 'ollama:third'] },
    providers: {
      openai: { base_url: fake.url, api_key: 'sk-secret' },
      ollama: { base_url: fake.url },
    },
    ...more,
  };
}

export function callOf(content: string, more: Partial<ModelCall> = {}): ModelCall {
  return {
    model: 'default',
    messages: [{ role: 'user', content }],
    silenceMs: 2000,
    purpose: 'answer',
    signal: new AbortController().signal,
    ...more,
  };
}

export interface Heard {
  readonly texts: readonly string[];
  readonly answer: ModelAnswer | null;
  readonly error: unknown;
}

/** Everything that a call hands over, and how it ended. */
export async function hear(llm: OpenLlm, call: ModelCall): Promise<Heard> {
  const texts: string[] = [];
  try {
    const answer = await llm.gateway.stream(ACTOR, call, (text) => texts.push(text));
    return { texts, answer, error: null };
  } catch (error) {
    return { texts, answer: null, error };
  }
}
