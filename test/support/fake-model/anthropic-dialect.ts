import type { Dialect, ReadChat } from './dialect.js';
import { isObject, listAt, objectAt, textAt, textOfContent } from './json.js';

const STOP_REASONS: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  content_filter: 'refusal',
};

/** Anthropic's messages API. The schema of a structured request has no name on this wire. */
export const anthropicDialect: Dialect = {
  name: 'anthropic',

  readChat(body): ReadChat {
    const system = textOfContent(isObject(body) ? body['system'] : undefined);
    const texts = listAt(body, 'messages').map((message) => textOfContent(isObject(message) ? message['content'] : ''));
    const users = listAt(body, 'messages').filter((message) => textAt(message, 'role') === 'user');
    const last = users.at(-1);
    const schema = objectAt(objectAt(body, 'output_config'), 'format')['schema'];
    return {
      model: textAt(body, 'model') ?? '',
      system,
      user: textOfContent(isObject(last) ? last['content'] : ''),
      schema: schema === undefined ? null : { name: '', schema },
      stream: isObject(body) && body['stream'] === true,
      texts: [system, ...texts],
      wantsUsage: true,
    };
  },

  open: (request) =>
    event('message_start', {
      message: {
        id: `msg_${request.n}`,
        type: 'message',
        role: 'assistant',
        model: request.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: request.inputTokens, output_tokens: 0 },
      },
    }) + event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),

  piece: (_request, text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),

  close: (request, finishReason, usage) =>
    event('content_block_stop', { index: 0 }) +
    event('message_delta', {
      delta: { stop_reason: stopReason(finishReason), stop_sequence: null },
      usage: { input_tokens: usage?.input ?? request.inputTokens, output_tokens: usage?.output ?? 0 },
    }) +
    event('message_stop', {}),

  whole: (request, text, finishReason, usage) =>
    JSON.stringify({
      id: `msg_${request.n}`,
      type: 'message',
      role: 'assistant',
      model: request.model,
      content: [{ type: 'text', text }],
      stop_reason: stopReason(finishReason),
      stop_sequence: null,
      usage: { input_tokens: usage?.input ?? 0, output_tokens: usage?.output ?? 0 },
    }),

  error: (status, { message }) =>
    JSON.stringify({ type: 'error', error: { type: status === 429 ? 'rate_limit_error' : 'api_error', message } }),
};

function event(type: string, members: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}

function stopReason(finishReason: string | undefined): string {
  return STOP_REASONS[finishReason ?? 'stop'] ?? finishReason ?? 'end_turn';
}
