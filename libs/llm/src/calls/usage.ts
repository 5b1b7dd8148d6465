import type { ChatMessage, TokenCounts } from '../providers/chat-model.js';

/** Bytes of UTF-8 that make a token in ordinary prose, and tokens that wrap each message. */
const BYTES_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;
/** No model reads or writes as many in one call; the ledger's column holds twenty times as many. */
const MOST_TOKENS = 100_000_000;

/** Our own count for a text, where the provider gives none. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

export function estimateUsage(messages: readonly ChatMessage[], answer: string): TokenCounts {
  return {
    inputTokens: messages.reduce((sum, { content }) => sum + TOKENS_PER_MESSAGE + estimateTokens(content), 0),
    outputTokens: estimateTokens(answer),
  };
}

/** Whether a provider's figures can be a count of tokens; others could not be stored, and their run not be ended. */
export function isCount({ inputTokens, outputTokens }: TokenCounts): boolean {
  return [inputTokens, outputTokens].every((count) => Number.isInteger(count) && count >= 0 && count <= MOST_TOKENS);
}
