import type { ChatModel, ChatPart, ChatRequest, FinishReason, TokenCounts } from '../providers/chat-model.js';
import { ProviderFailure } from '../providers/provider-failure.js';
import { TextHygiene } from './text-hygiene.js';

export interface Finish {
  readonly reason: FinishReason;
  readonly usage: TokenCounts | null;
}

/**
 * One model's answer as clean pieces of text, with its silence watched. The clock runs only while we wait
 * for the model: a slow reader is not the model's silence.
 */
export class ReplyStream {
  /** All pieces so far, joined. */
  text = '';
  finish: Finish | null = null;
  private readonly hygiene = new TextHygiene();
  private readonly control = new AbortController();
  private readonly parts: AsyncIterator<ChatPart>;
  private timer: NodeJS.Timeout | null = null;
  private waitingSince: number | null = null;
  private silent = false;

  /** @param silenceMs longest silence, to the first token and between tokens */
  constructor(
    model: ChatModel,
    request: ChatRequest,
    private readonly silenceMs: number,
    private readonly caller: AbortSignal,
  ) {
    caller.throwIfAborted();
    caller.addEventListener('abort', this.onCallerAbort, { once: true });
    this.parts = model.stream(request, this.control.signal)[Symbol.asyncIterator]();
    this.watch(silenceMs);
  }

  /** The next piece, never empty; null after the last. Throws `ProviderFailure` or the caller's reason. */
  async next(): Promise<string | null> {
    while (this.finish === null) {
      const part = await this.nextPart();
      if (part.type === 'text-delta') {
        const piece = this.hygiene.push(part.delta);
        if (piece !== '') return this.take(piece);
      }
      if (part.type === 'finish') this.finish = { reason: part.finishReason, usage: part.usage };
    }
    const rest = this.hygiene.end();
    return rest === '' ? null : this.take(rest);
  }

  /** Stops the watch, and closes the provider's connection where the answer is not whole. */
  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.caller.removeEventListener('abort', this.onCallerAbort);
    if (this.finish === null) this.control.abort(new Error('nobody listens'));
    this.parts.return?.().catch(() => undefined);
  }

  private take(piece: string): string {
    this.text += piece;
    return piece;
  }

  private async nextPart(): Promise<ChatPart> {
    this.waitingSince = performance.now();
    try {
      const result = await this.parts.next();
      if (result.done !== true) return result.value;
    } catch (error) {
      throw this.failureOf(error);
    } finally {
      this.waitingSince = null;
    }
    throw new ProviderFailure('cut');
  }

  private failureOf(error: unknown): unknown {
    if (this.caller.aborted) return this.caller.reason;
    if (this.silent) return new ProviderFailure('silence');
    return error instanceof ProviderFailure ? error : new ProviderFailure('connection', { cause: error });
  }

  private readonly onCallerAbort = (): void => {
    this.control.abort(this.caller.reason);
  };

  /** One timer that looks at the clock when it fires, instead of one timer for each token. */
  private watch(milliseconds: number): void {
    this.timer = setTimeout(() => {
      if (this.silenceLeft() > 0) this.watch(this.silenceLeft());
      // What arrived while the event loop was busy is read between here and the immediate.
      else setImmediate(() => this.decide());
    }, milliseconds);
  }

  private decide(): void {
    if (this.timer === null) return;
    if (this.silenceLeft() > 0) {
      this.watch(this.silenceLeft());
      return;
    }
    this.silent = true;
    this.control.abort(new ProviderFailure('silence'));
  }

  private silenceLeft(): number {
    return this.waitingSince === null ? this.silenceMs : this.waitingSince + this.silenceMs - performance.now();
  }
}
