import type { ChatMessage, TokenCounts } from '../providers/chat-model.js';

/** Bytes of UTF-8 that make a token in ordinary prose, and tokens that wrap each message. */
const BYTES_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;

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
