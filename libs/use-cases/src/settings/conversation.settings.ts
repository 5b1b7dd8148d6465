import { z } from 'zod';
import { languageTag, timeZone } from './value-types.js';

/** Own settings that every use case has, beside those of its components. */
export const conversationSettings = z.strictObject({
  language: languageTag()
    .nullable()
    .default(null)
    .describe('BCP 47 tag of the answers; null: the language of the user.'),
  time_zone: timeZone().nullable().default(null).describe('IANA name; null: the zone of the user’s profile, else UTC.'),
  on_busy: z
    .enum(['queue', 'reject'])
    .default('queue')
    .describe('What happens to a message while another is being answered.'),
});

/** Flat names of `text_chat` settings that every use case with that component has. */
export const CONVERSATION_EXPOSE = {
  model: 'text_chat.model',
  temperature: 'text_chat.temperature',
  max_output_tokens: 'text_chat.max_output_tokens',
  max_context_messages: 'text_chat.context_window',
  max_message_length: 'text_chat.max_message_length',
  response_timeout_seconds: 'text_chat.response_timeout_seconds',
  response_style: 'text_chat.response_style',
  custom_instructions: 'text_chat.instructions',
} as const;

/** What a message may carry everywhere. */
export const CONVERSATION_CONTEXT = {
  model: true,
  temperature: true,
  max_output_tokens: true,
  response_style: true,
  language: true,
} as const;
