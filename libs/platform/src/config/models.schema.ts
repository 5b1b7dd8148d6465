import { z } from 'zod';
import { httpUrl, modelName, seconds, secret, text, whole } from './shapes.js';

const modelList = z.array(modelName);

const provider = (name: string) =>
  z
    .strictObject({
      api_key: secret().nullable().default(null).describe('Key sent to the provider.'),
      base_url: httpUrl.nullable().default(null).describe('Address of the API; null is the provider’s own.'),
      models: z
        .strictObject({
          default: text()
            .nullable()
            .default(null)
            .describe('Model for the roles default, vision and judge when none is named.'),
          fast: text().nullable().default(null).describe('Model for the role fast when none is named.'),
          embedding: text().nullable().default(null).describe('Model for the role embedding when none is named.'),
        })
        .prefault({})
        .describe('Models used where a role names none.'),
      max_concurrent: whole(1, 10_000).default(256).describe('Calls under way at once from one process.'),
      max_queued: whole(0, 10_000).default(1024).describe('Calls waiting for a place before OVERLOADED.'),
      headers: z
        .record(z.string(), z.string())
        .meta({ secret: true })
        .default({})
        .describe('Further request headers; may hold credentials.'),
    })
    .prefault({})
    .describe(name);

/** Language models: who serves them, and which one does what. */
export const modelSections = {
  models: z
    .strictObject({
      roles: z
        .strictObject({
          default: modelList.default([]).describe('Answers; in order of fallback.'),
          fast: modelList.default([]).describe('Titles and other small jobs.'),
          vision: modelList.default([]).describe('Answers to pictures.'),
          judge: modelList.default([]).describe('Verdicts.'),
          embedding: modelList.default([]).describe('Vectors; empty: none.'),
        })
        .prefault({})
        .describe(
          'Which models do what, as provider:model in order of fallback. Empty: the first provider that is on.',
        ),
      providers: z
        .strictObject({
          openai: provider('OpenAI, and every server that speaks its chat completions.'),
          anthropic: provider('Anthropic.'),
          google: provider('Google Gemini.'),
          ollama: provider('Ollama.'),
        })
        .prefault({})
        .describe('A provider is on when it has a key or a base URL.'),
      discover_ollama: z
        .boolean()
        .default(true)
        .describe('Look for Ollama on its standard port when no provider is configured.'),
      retries: whole(0, 5).default(2).describe('Further tries per provider before the first token.'),
      breaker_failures: whole(1, 1000).default(5).describe('Failures in a row that open a provider’s circuit.'),
      breaker_seconds: seconds(0.1, 600)
        .default(15)
        .describe('How long an open circuit refuses before it tries again.'),
      breaker_silence_seconds: seconds(0.1, 600)
        .default(10)
        .describe('A shorter silence says more of the caller’s patience than of a provider, and opens no circuit.'),
      prices: z
        .record(
          z.string(),
          z.strictObject({ input_per_million: z.number().min(0), output_per_million: z.number().min(0) }),
        )
        .default({})
        .describe('Prices in USD by provider:model, over the dated table that ships.'),
      context_tokens: z
        .record(z.string(), whole(256, 100_000_000))
        .default({})
        .describe('Tokens that a model reads at once, by provider:model; prompts are cut to fit where it is known.'),
    })
    .prefault({})
    .describe('Language models.'),
};
