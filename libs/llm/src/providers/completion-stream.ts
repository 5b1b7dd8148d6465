import type { IncomingHttpHeaders } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { createParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import type { FinishReason, TokenCounts } from './chat-model.js';
import { type CompletionChunk, readChunk } from './completion-chunk.js';
import { failureOfStatus, readErrorBody } from './http-failure.js';
import { numberAt, parseJson } from './json.js';
import { PartQueue } from './part-queue.js';
import { ProviderFailure } from './provider-failure.js';

/** Most that is read of an error body or of one server-sent event. */
const MAX_TEXT = 1_048_576;
/** How long the line may stay open after `[DONE]` before it is closed instead of reused. */
const LINGER_MS = 1000;

type Controller = Dispatcher.DispatchController;

/**
 * Reads one streamed chat completion off the wire and puts its parts into a queue. Works straight on
 * undici's callbacks, without a stream in between; text that arrives together becomes one part.
 */
export class CompletionStream implements Dispatcher.DispatchHandler {
  readonly parts = new PartQueue();
  private readonly decoder = new StringDecoder('utf8');
  private readonly parser = createParser({
    onEvent: (event) => this.onEvent(event.data),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') this.fail(new ProviderFailure('malformed'));
    },
    maxBufferSize: MAX_TEXT,
  });
  private controller: Controller | null = null;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  /** Collects a body that is no event stream; null while one is read. */
  private body: string | null = null;
  private text = '';
  private finishReason: FinishReason | null = null;
  private usage: TokenCounts | null = null;
  /** The exchange has ended: there is no line to close any more. */
  private over = false;
  private lingering: NodeJS.Timeout | null = null;

  /**
   * @param signal closes the connection when it is aborted
   * @param onRefusal looks at a refusal's text and says whether the call is worth sending again, differently
   */
  constructor(
    private readonly signal: AbortSignal,
    private readonly onRefusal: (status: number, text: string) => boolean,
  ) {
    this.parts.connect({
      pause: () => this.controller?.pause(),
      resume: () => this.controller?.resume(),
      leave: () => this.leave(),
    });
    if (signal.aborted) this.abort();
    else signal.addEventListener('abort', this.abort, { once: true });
  }

  onRequestStart(controller: Controller): void {
    this.controller = controller;
    if (this.parts.closed) controller.abort(new Error('nobody listens'));
  }

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    const type = String(headers['content-type'] ?? '');
    if (status !== 200 || type.includes('application/json')) this.body = '';
  }

  onResponseData(_controller: Controller, bytes: Buffer): void {
    const text = this.decoder.write(bytes);
    if (this.body !== null) {
      if (this.body.length < MAX_TEXT) this.body += text;
      return;
    }
    this.parser.feed(text);
    this.flushText();
  }

  onResponseEnd(): void {
    this.hasEnded();
    if (this.body !== null) this.onWholeBody(this.body);
    this.settle('cut');
  }

  onResponseError(_controller: Controller, cause: Error): void {
    this.hasEnded();
    this.settle('connection', cause);
  }

  private onEvent(data: string): void {
    if (this.parts.closed) return;
    if (data === '[DONE]') {
      this.settle('cut');
      return;
    }
    this.onChunk(parseJson(data));
  }

  private onChunk(value: unknown): void {
    const chunk = readChunk(value);
    if (chunk === null) this.fail(new ProviderFailure('malformed'));
    else if (chunk.error !== null) this.fail(errorInStream(chunk.error));
    else this.take(chunk);
  }

  private take(chunk: CompletionChunk): void {
    this.text += chunk.text;
    if (chunk.reasoning !== '') this.parts.push({ type: 'reasoning-delta', delta: chunk.reasoning });
    this.finishReason ??= chunk.finishReason;
    this.usage = chunk.usage ?? this.usage;
  }

  /** An error, or a server that does not stream and answers in one piece. */
  private onWholeBody(body: string): void {
    if (this.status === 200) {
      this.onChunk(parseJson(body));
      return;
    }
    const { text } = readErrorBody(parseJson(body));
    this.fail(failureOfStatus(this.status, this.headers, body, this.onRefusal(this.status, text)));
  }

  private flushText(): void {
    if (this.text === '') return;
    this.parts.push({ type: 'text-delta', delta: this.text });
    this.text = '';
  }

  /** Ends well where the provider gave a finish reason, whatever happened to the line afterwards. */
  private settle(otherwise: 'cut' | 'connection', cause?: Error): void {
    const { finishReason, usage } = this;
    if (finishReason === null) {
      this.fail(new ProviderFailure(otherwise, { cause }));
      return;
    }
    this.flushText();
    this.parts.push({ type: 'finish', finishReason, usage });
    this.parts.end();
    this.leave();
  }

  private fail(failure: Error): void {
    this.flushText();
    this.parts.fail(failure);
    this.leave();
  }

  private readonly abort = (): void => {
    const reason: unknown = this.signal.reason;
    this.parts.fail(reason instanceof Error ? reason : new Error('aborted'));
    this.leave();
  };

  /** Closes the line; one that is just ending gets a moment, so that the connection can be used again. */
  private leave(): void {
    this.signal.removeEventListener('abort', this.abort);
    const { controller } = this;
    if (controller === null || this.over) return;
    const close = (): void => controller.abort(new Error('nobody listens'));
    if (this.finishReason === null) close();
    else this.lingering ??= setTimeout(close, LINGER_MS).unref();
  }

  private hasEnded(): void {
    this.over = true;
    if (this.lingering !== null) clearTimeout(this.lingering);
  }
}

function errorInStream(error: object): ProviderFailure {
  const { code } = readErrorBody(error);
  const status = numberAt(error, 'code') ?? numberAt(error, 'status');
  return new ProviderFailure('error', {
    ...(status === null ? {} : { status }),
    ...(code === null ? {} : { code }),
  });
}
