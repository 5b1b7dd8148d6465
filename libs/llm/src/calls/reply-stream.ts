import type { ChatModel, ChatPart, ChatRequest, FinishReason, TokenCounts } from '../providers/chat-model.js';
import { ProviderFailure } from '../providers/provider-failure.js';
import { TextHygiene } from './text-hygiene.js';

/**
 * UTF-16 code units of one answer at most, many times what a model is ever asked for. One that does not stop would
 * else grow in memory and in every client's buffer until its time is over, and then be too long to be stored.
 */
const MOST_TEXT = 16 * 1024 * 1024;

export interface Finish {
  readonly reason: FinishReason;
  readonly usage: TokenCounts | null;
}

/**
 * One model's answer as clean pieces of text, with its silence watched. The clock runs only while we wait
 * for the model: a slow reader is not the model's silence.
 */
export class ReplyStream {
  finish: Finish | null = null;
  /** A list: a string that grows by every token would be copied about in memory as often. */
  private readonly pieces: string[] = [];
  private length = 0;
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

  /** All pieces so far, joined. */
  get text(): string {
    return this.pieces.join('');
  }

  /**
   * The next piece, never empty; null after the last.
   * @throws what `read` throws
   */
  async next(): Promise<string | null> {
    let next: string | null = null;
    await this.read((piece) => {
      next = piece;
      return false;
    });
    return next;
  }

  /**
   * Hands pieces over as they come, none of them empty, until `onPiece` answers false or the last has come.
   * One loop and one promise per token: this runs more often than anything else in the program.
   * @throws ProviderFailure, or the caller's reason
   */
  async read(onPiece: (piece: string) => boolean): Promise<void> {
    while (this.finish === null) {
      this.waitingSince = performance.now();
      let result: IteratorResult<ChatPart>;
      try {
        result = await this.parts.next();
      } catch (error) {
        throw this.failureOf(error);
      } finally {
        this.waitingSince = null;
      }
      if (result.done === true) throw this.failureOf(new ProviderFailure('cut'));
      const piece = this.take(result.value);
      if (piece !== '' && !onPiece(piece)) return;
    }
    const rest = this.hygiene.end();
    if (rest === '') return;
    this.pieces.push(rest);
    onPiece(rest);
  }

  /** Stops the watch, and closes the provider's connection where the answer is not whole. */
  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.caller.removeEventListener('abort', this.onCallerAbort);
    if (this.finish === null) this.control.abort(new Error('nobody listens'));
    this.parts.return?.().catch(() => undefined);
  }

  private take(part: ChatPart): string {
    if (part.type === 'finish') this.finish = { reason: part.finishReason, usage: part.usage };
    if (part.type !== 'text-delta') return '';
    const piece = this.hygiene.push(part.delta);
    if (piece === '') return '';
    this.length += piece.length;
    if (this.length > MOST_TEXT) return this.cutOff();
    this.pieces.push(piece);
    return piece;
  }

  /** As a model ends that has come to its bound: what was said stands, the piece that would be too much is left out. */
  private cutOff(): string {
    this.finish = { reason: 'length', usage: null };
    this.control.abort(new Error('more than an answer may have'));
    return '';
  }

  private failureOf(error: unknown): unknown {
    if (this.caller.aborted) return this.caller.reason;
    if (this.silent) return new ProviderFailure('silence', { silenceMs: this.silenceMs });
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
    this.control.abort(new ProviderFailure('silence', { silenceMs: this.silenceMs }));
  }

  private silenceLeft(): number {
    return this.waitingSince === null ? this.silenceMs : this.waitingSince + this.silenceMs - performance.now();
  }
}
