/** The one port behind which every model stands. Part names are those of the AI SDK's provider specification v4. */
export interface ChatModel {
  /** Name of the provider in the configuration, e.g. `openai`. */
  readonly provider: string;
  /** Name of the model as the provider knows it. */
  readonly model: string;
  /**
   * Asks once; nothing is tried again in here. Aborting `signal` closes the provider's connection at once.
   * @throws ProviderFailure where the provider fails, whatever is wrong
   */
  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatPart>;
}

export type ChatRole = 'system' | 'user' | 'assistant';

export interface ChatMessage {
  readonly role: ChatRole;
  readonly content: string;
}

/** A JSON Schema (2020-12) with the stable name of its task, e.g. `session_title`. */
export interface OutputSchema {
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxOutputTokens?: number;
  readonly schema?: OutputSchema;
  /** What the call is for (`answer`, `title`, …); providers never see it. */
  readonly purpose: string;
  /** Sent as `X-Correlation-ID` and `traceparent` where they are given. */
  readonly correlationId?: string;
  readonly traceparent?: string;
}

export type FinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'other';

export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export type ChatPart =
  | { readonly type: 'text-delta'; readonly delta: string }
  /** A sign of life that is no part of the answer. */
  | { readonly type: 'reasoning-delta'; readonly delta: string }
  /** The last part. `usage` is null where the provider gave none. */
  | { readonly type: 'finish'; readonly finishReason: FinishReason; readonly usage: TokenCounts | null };
