import { z } from 'zod';
import { defineUseCase } from '../../define-use-case.js';
import { BUILT_IN_PERSONAS } from '../../personas/built-in.js';
import { SESSION_SUMMARY_CALL, sessionSummary } from '../../session-summary.js';
import { SESSION_TITLE_CALL, sessionTitle } from '../../session-title.js';
import {
  CONVERSATION_CONTEXT,
  CONVERSATION_EXPOSE,
  conversationSettings,
} from '../../settings/conversation.settings.js';

const DEFAULT_PERSONA = 'helpful_assistant';
const slugs = BUILT_IN_PERSONAS.map(({ slug }) => slug);

export const basicChat = defineUseCase({
  id: 'basic_chat',
  title: 'Basic chat',
  description: 'Plain conversation with the last messages as context; nothing else is kept.',
  category: 'basic',
  version: 1,
  folder: import.meta.dirname,
  components: ['text_chat'],
  answers: 'text_chat',
  settings: conversationSettings.extend({
    personality: z.enum(slugs).default(DEFAULT_PERSONA).describe('The persona that answers; opens the system prompt.'),
    auto_title: z
      .boolean()
      .default(true)
      .describe('Write a title from the first exchange; otherwise it is the first 60 characters.'),
  }),
  expose: {
    ...CONVERSATION_EXPOSE,
    response_format: 'text_chat.response_format',
    json_schema: 'text_chat.json_schema',
  },
  context: { ...CONVERSATION_CONTEXT, personality: true, response_format: true, json_schema: true },
  calls: { [SESSION_TITLE_CALL]: sessionTitle, [SESSION_SUMMARY_CALL]: sessionSummary },
  personas: [DEFAULT_PERSONA, ...slugs.filter((slug) => slug !== DEFAULT_PERSONA)],
  persona_setting: 'personality',
});
