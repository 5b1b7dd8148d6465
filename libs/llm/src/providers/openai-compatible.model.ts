import type { ChatModel, ChatPart, ChatRequest } from './chat-model.js';
import { CompletionStream } from './completion-stream.js';
import type { ProviderHttp } from './provider.http.js';
import { RequestDialect } from './request-dialect.js';

export interface OpenAiCompatibleOptions {
  /** Name of the provider in the configuration. */
  readonly provider: string;
  readonly model: string;
  readonly http: ProviderHttp;
  /** OpenAI itself has renamed `max_tokens`; most other servers know the old name only. */
  readonly tokensMember: 'max_tokens' | 'max_completion_tokens';
}

/**
 * A model behind OpenAI chat completions: OpenAI, Azure, Ollama, vLLM, LM Studio, OpenRouter and their kin.
 * Of our own because reading streams is what a conversation backend does all day.
 */
export class OpenAiCompatibleModel implements ChatModel {
  readonly provider: string;
  readonly model: string;
  private readonly http: ProviderHttp;
  private readonly dialect: RequestDialect;

  constructor(options: OpenAiCompatibleOptions) {
    this.provider = options.provider;
    this.model = options.model;
    this.http = options.http;
    this.dialect = new RequestDialect(options.model, options.tokensMember);
  }

  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatPart> {
    const stream = new CompletionStream(signal, (status, text) => this.dialect.learn(request, status, text));
    const headers = { accept: 'text/event-stream', ...correlationHeaders(request) };
    this.http.post('/chat/completions', this.dialect.body(request), headers, stream);
    return stream.parts;
  }
}

/** Headers by which a provider's log can be tied to ours. */
export function correlationHeaders(call: {
  readonly correlationId?: string;
  readonly traceparent?: string;
}): Record<string, string> {
  return {
    ...(call.correlationId === undefined ? {} : { 'x-correlation-id': call.correlationId }),
    ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
  };
}
