import type {
  JSONSchema7,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4Message,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import { failureOfSdkError } from './ai-sdk.failure.js';
import { type AiSdkSettings, loadLanguageModel } from './ai-sdk.providers.js';
import type { ChatMessage, ChatModel, ChatPart, ChatRequest, FinishReason, TokenCounts } from './chat-model.js';
import { correlationHeaders } from './openai-compatible.model.js';
import { ProviderFailure } from './provider-failure.js';

/** A model behind an AI SDK provider package, through its `doStream` alone: that neither loops nor retries. */
export class AiSdkModel implements ChatModel {
  private loaded: Promise<LanguageModelV4> | null = null;

  constructor(
    readonly provider: 'anthropic' | 'google',
    readonly model: string,
    private readonly settings: AiSdkSettings,
  ) {}

  async *stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    const reader = (await this.open(request, signal)).getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          throw failureOfSdkError(error, 'line');
        });
        if (done) throw new ProviderFailure('cut');
        const part = translate(value);
        if (part !== null) yield part;
        if (part?.type === 'finish') return;
      }
    } finally {
      // Cancelling a stream that has failed rejects with that same failure, which has been thrown already.
      reader.cancel().catch(() => undefined);
    }
  }

  private async open(request: ChatRequest, signal: AbortSignal): Promise<ReadableStream<LanguageModelV4StreamPart>> {
    this.loaded ??= loadLanguageModel(this.provider, this.model, this.settings);
    const model = await this.loaded;
    try {
      return (await model.doStream(callOptions(request, signal))).stream;
    } catch (error) {
      signal.throwIfAborted();
      throw failureOfSdkError(error, 'call');
    }
  }
}

function callOptions(request: ChatRequest, signal: AbortSignal): LanguageModelV4CallOptions {
  const { temperature, topP, maxOutputTokens, schema } = request;
  return {
    prompt: request.messages.map(promptMessage),
    abortSignal: signal,
    headers: correlationHeaders(request),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(schema === undefined || !isJsonSchema(schema.schema)
      ? {}
      : { responseFormat: { type: 'json', name: schema.name, schema: schema.schema } }),
  };
}

/** The provider packages know draft 7 by its type only; what they do not understand they leave out or refuse. */
function isJsonSchema(schema: object): schema is JSONSchema7 {
  return !Array.isArray(schema);
}

function promptMessage({ role, content }: ChatMessage): LanguageModelV4Message {
  if (role === 'system') return { role, content };
  return { role, content: [{ type: 'text', text: content }] };
}

/** Null for what is neither text nor an end. */
function translate(part: LanguageModelV4StreamPart): ChatPart | null {
  switch (part.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return { type: part.type, delta: part.delta };
    case 'finish':
      return { type: 'finish', finishReason: finishReasonOf(part.finishReason), usage: usageOf(part.usage) };
    case 'error':
      throw failureOfSdkError(part.error, 'part');
    default:
      return null;
  }
}

/** @throws ProviderFailure `cut` where the provider itself gave no reason: the packages make one up */
function finishReasonOf({ unified, raw }: LanguageModelV4FinishReason): FinishReason {
  if (unified === 'error' || unified === 'interrupted' || (unified === 'other' && raw === undefined)) {
    throw new ProviderFailure('cut');
  }
  return unified;
}

function usageOf({ inputTokens, outputTokens }: LanguageModelV4Usage): TokenCounts | null {
  if (inputTokens.total === undefined || outputTokens.total === undefined) return null;
  return { inputTokens: inputTokens.total, outputTokens: outputTokens.total };
}
