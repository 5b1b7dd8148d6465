import type { FinishReason, TokenCounts } from './chat-model.js';
import { isObject, type JsonObject, listAt, memberAt, numberAt, textAt } from './json.js';

/** What one chunk of a chat completion (or a whole one) says. */
export interface CompletionChunk {
  readonly text: string;
  readonly reasoning: string;
  readonly finishReason: FinishReason | null;
  readonly usage: TokenCounts | null;
  /** The provider's error object, where it reports one inside the stream. */
  readonly error: JsonObject | null;
}

/** Null where the value is no chunk at all. */
export function readChunk(value: unknown): CompletionChunk | null {
  if (!isObject(value)) return null;
  const { error } = value;
  if (isObject(error)) return { text: '', reasoning: '', finishReason: null, usage: null, error };
  const [choice] = listAt(value, 'choices');
  const message = memberAt(choice, 'delta') ?? memberAt(choice, 'message');
  return {
    text: textAt(message, 'content') ?? textAt(message, 'refusal') ?? '',
    reasoning: textAt(message, 'reasoning_content') ?? textAt(message, 'reasoning') ?? '',
    finishReason: readFinishReason(textAt(choice, 'finish_reason')),
    usage: readUsage(value['usage']),
    error: null,
  };
}

function readUsage(usage: unknown): TokenCounts | null {
  const input = numberAt(usage, 'prompt_tokens');
  if (input === null) return null;
  return { inputTokens: input, outputTokens: numberAt(usage, 'completion_tokens') ?? 0 };
}

function readFinishReason(reason: string | null): FinishReason | null {
  switch (reason) {
    case null:
    case '':
      return null;
    case 'stop':
    case 'length':
      return reason;
    case 'content_filter':
      return 'content-filter';
    case 'tool_calls':
    case 'function_call':
      return 'tool-calls';
    default:
      return 'other';
  }
}
