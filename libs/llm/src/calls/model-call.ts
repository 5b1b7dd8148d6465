import type { z } from 'zod';
import type { ChatMessage, FinishReason, OutputSchema } from '../providers/chat-model.js';

/** One question to a model. */
export interface ModelCall {
  /** A role (`default`, `fast`, `vision`, `judge`) with its order of fallback, or one configured model by name. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** 0–2; left out where a model refuses it. */
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxOutputTokens?: number;
  /** Ask for JSON of this shape; the text is not checked here: see `structured`. */
  readonly schema?: OutputSchema;
  /** Longest silence in milliseconds, to the first token and between tokens. */
  readonly silenceMs: number;
  /** What the call is for: `answer`, `title`, `summary`, … */
  readonly purpose: string;
  /** Sent to the provider; left out: those of the running request. */
  readonly correlationId?: string;
  readonly traceparent?: string;
  /** Ends the call and closes the provider's connection. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch, by the machine's clock, after which nothing is tried again. */
  readonly deadline?: number;
}

export interface ModelUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The provider gave no count (or the call was broken off), so this is ours. */
  readonly estimated: boolean;
  /** Null where the price of the model is not known. */
  readonly costUsd: number | null;
}

/** What a call has come to, well or badly ended. */
export interface ModelReport {
  /** Who was asked last, as `provider:model`; null where nobody was. */
  readonly model: string | null;
  /** Requests that went out, to all models together. */
  readonly attempts: number;
  /** Sum over all of them. */
  readonly usage: ModelUsage;
  readonly firstTokenMs: number | null;
}

export interface ModelAnswer extends ModelReport {
  /** All texts joined. */
  readonly text: string;
  readonly finishReason: FinishReason;
  /** Who answered, as `provider:model`. */
  readonly model: string;
}

/** A call whose answer is parsed and checked. */
export interface StructuredCall<S> extends Omit<ModelCall, 'schema'> {
  readonly schema: { readonly name: string; readonly schema: S };
}

export type ZodCall<T> = StructuredCall<z.ZodType<T>>;
export type JsonSchemaCall = StructuredCall<Readonly<Record<string, unknown>>>;

export interface StructuredAnswer<T> {
  readonly value: T;
  /** The last answer, with attempts and usage of the repair added. */
  readonly answer: ModelAnswer;
  /** The first answer did not fit, the second did. */
  readonly repaired: boolean;
}
