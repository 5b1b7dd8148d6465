import { z } from 'zod';
import { text } from '../../settings/value-types.js';
import { jsonSchemaProblem } from './response-schema.js';

const RESPONSE_STYLES = ['conversational', 'formal', 'technical', 'creative', 'concise'] as const;
const RESPONSE_FORMATS = ['text', 'markdown', 'html', 'json'] as const;
const FORMALITY_LEVELS = ['casual', 'moderate', 'formal'] as const;
const EXPERTISE_LEVELS = ['general', 'specialized', 'expert'] as const;

const LONGEST_MESSAGE = 32_000;
const length = z.number().int().min(1).max(LONGEST_MESSAGE);

const input = {
  min_message_length: length.default(1).describe('Fewest characters of a message, after trimming.'),
  max_message_length: length.default(4000).describe('Most characters of a message, after trimming.'),
  context_window: z
    .number()
    .int()
    .min(0)
    .max(200)
    .default(20)
    .describe('Earlier messages that the model is shown; the new one comes on top.'),
  summary_enabled: z
    .boolean()
    .default(false)
    .describe('Keep what is older than the earlier messages as a summary that the model is shown.'),
  summary_threshold: z
    .number()
    .int()
    .min(10)
    .max(1000)
    .default(50)
    .describe('Messages that leave the window before the summary is renewed.'),
  content_filter: z
    .enum(['off', 'flag', 'block'])
    .default('off')
    .describe('What a moderation provider finds is marked (flag) or refused (block).'),
};

const manner = {
  response_style: z.enum(RESPONSE_STYLES).default('conversational').describe('How answers are written.'),
  formality_level: z.enum(FORMALITY_LEVELS).default('moderate').describe('How formally the user is addressed.'),
  expertise_level: z.enum(EXPERTISE_LEVELS).default('general').describe('How much the reader is taken to know.'),
  creativity_level: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(null)
    .describe('Replaces temperature by this level times 1.2.'),
  instructions: text(8000).default('').describe('Further instructions for every answer.'),
};

const format = {
  response_format: z
    .enum(RESPONSE_FORMATS)
    .default('markdown')
    .describe('html is stored and streamed as the model sent it; json is validated.'),
  json_schema: z
    .record(z.string(), z.unknown())
    .superRefine((schema, context) => {
      const problem = jsonSchemaProblem(schema);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    })
    .nullable()
    .default(null)
    .describe('JSON Schema 2020-12 of the answer, at most 16 KiB, without outside references; needed with json.'),
  response_prefix: text(500).default('').describe('Text before every answer, as part of it.'),
  response_suffix: text(500).default('').describe('Text after every answer, as part of it.'),
};

const sampling = {
  max_output_tokens: z
    .number()
    .int()
    .min(1)
    .max(200_000)
    .default(4000)
    .describe('Most tokens of an answer; a model may allow fewer.'),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .default(0.7)
    .describe('How freely words are chosen; left out where a model refuses it.'),
  top_p: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(null)
    .describe('Share of likely words that are chosen from; null leaves it to the model.'),
  response_timeout_seconds: z
    .number()
    .int()
    .min(1)
    .max(300)
    .default(30)
    .describe('Longest silence of the model, to the first token and between tokens.'),
};

/**
 * Settings of the component, under `text_chat`.
 * @param isModel whether a name is a role or a configured model of this deployment
 */
export function textChatSettings(isModel: (name: string) => boolean) {
  const model = text(200, 1)
    .refine(isModel, 'must be a role (default, fast, vision, judge) or a configured model')
    .default('default')
    .describe('A role (default, fast, vision, judge) or the name of a configured model.');
  return z.strictObject({ ...input, model, ...sampling, ...manner, ...format });
}

export type TextChatSettings = z.infer<ReturnType<typeof textChatSettings>>;
