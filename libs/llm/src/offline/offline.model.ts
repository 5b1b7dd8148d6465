import { estimateTokens, estimateUsage } from '../calls/usage.js';
import type { ChatModel, ChatPart, ChatRequest, OutputSchema } from '../providers/chat-model.js';
import { jsonSchemaCheck } from '../structured/json-schema.js';
import { type Conversation, readConversation } from './conversation.js';
import { fillSchema, VARIANTS } from './fill-schema.js';
import { headlineOf, replyTo, summaryOf } from './reply.js';

const TITLE_LENGTH = 60;
const SUMMARY_LENGTH = 1500;
/** Some words at a time, as a model would speak. */
const PIECES = /[\s\S]{1,16}\S*\s*/g;

/**
 * Answers when nothing else is configured, so that the product runs and is tried without a key. Deterministic:
 * the same conversation, the same answer. It says that it is no language model, and quotes instead of inventing.
 */
export class OfflineModel implements ChatModel {
  readonly provider = 'offline';
  readonly model = 'offline';

  async *stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    const text = await answer(request);
    const limit = request.maxOutputTokens ?? Number.POSITIVE_INFINITY;
    let said = '';
    let tokens = 0;
    for (const [piece] of text.matchAll(PIECES)) {
      signal.throwIfAborted();
      tokens += estimateTokens(piece);
      if (tokens > limit) break;
      said += piece;
      yield { type: 'text-delta', delta: piece };
    }
    const finishReason = said.length < text.length ? 'length' : 'stop';
    yield { type: 'finish', finishReason, usage: estimateUsage(request.messages, said) };
  }
}

async function answer({ messages, schema, purpose }: ChatRequest): Promise<string> {
  const conversation = readConversation(messages);
  if (schema !== undefined) return JSON.stringify(await fill(schema, conversation));
  if (purpose === 'title') return headlineOf(conversation, TITLE_LENGTH);
  return purpose === 'summary' ? summaryOf(conversation, SUMMARY_LENGTH) : replyTo(conversation);
}

/** The first way of filling the schema that validates; the first way of all where none does. */
async function fill({ schema }: OutputSchema, conversation: Conversation): Promise<unknown> {
  const check = await jsonSchemaCheck(schema);
  for (let variant = 0; variant < VARIANTS; variant += 1) {
    const value = fillSchema(schema, conversation, variant);
    if (check(value).ok) return value;
  }
  return fillSchema(schema, conversation, 0);
}
