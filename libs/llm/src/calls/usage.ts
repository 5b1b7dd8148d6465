import type { ChatMessage, TokenCounts } from '../providers/chat-model.js';

/** Bytes of UTF-8 that make a token in ordinary prose, and tokens that wrap each message. */
const BYTES_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;
/** More than any model takes or says; all tries of a call together still fit where they are booked. */
const MOST_TOKENS = 100_000_000;

/** Whether a number from a provider can be a count of tokens: what is none would be money, or could not be stored. */
export function isCount(given: number | null): given is number {
  return Number.isInteger(given) && given !== null && given >= 0 && given <= MOST_TOKENS;
}

/** A provider's counts where they can be such, else null. */
export function soundCounts(given: TokenCounts | null): TokenCounts | null {
  return given !== null && isCount(given.inputTokens) && isCount(given.outputTokens) ? given : null;
}

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
