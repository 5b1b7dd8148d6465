import type { ChatCandidate } from '../catalogue/candidate.js';
import type { LlmMetrics, MeasuredCall } from '../llm.metrics.js';
import type { ChatRequest } from '../providers/chat-model.js';
import { ProviderFailure } from '../providers/provider-failure.js';
import type { CallLedger } from './call-ledger.js';
import { type Finish, ReplyStream } from './reply-stream.js';
import { estimateUsage, soundCounts } from './usage.js';

/** Where the figures of a try go. */
export interface TryBooks {
  readonly ledger: CallLedger;
  readonly metrics: LlmMetrics;
}

/** One request to one model: opened by its first piece of text, ended and booked exactly once. */
export class ModelTry {
  private readonly startedAt = performance.now();
  private readonly measured: MeasuredCall;
  private ended = false;

  private constructor(
    private readonly candidate: ChatCandidate,
    private readonly request: ChatRequest,
    private readonly stream: ReplyStream,
    private readonly books: TryBooks,
  ) {
    const { provider, model } = candidate.chat;
    this.measured = { operation: 'chat', provider, model };
  }

  /**
   * Resolves with the first piece of text.
   * @throws ProviderFailure or the signal's reason; then it has ended
   */
  static async open(
    candidate: ChatCandidate,
    request: ChatRequest,
    bounds: { readonly silenceMs: number; readonly signal: AbortSignal },
    books: TryBooks,
  ): Promise<{ first: string; attempt: ModelTry }> {
    const stream = new ReplyStream(candidate.chat, request, bounds.silenceMs, bounds.signal);
    books.ledger.begin(candidate.name);
    const attempt = new ModelTry(candidate, request, stream, books);
    try {
      const first = await stream.next();
      if (first === null) throw new ProviderFailure('empty');
      books.ledger.firstToken();
      books.metrics.firstTokenAfter(attempt.measured, attempt.seconds());
      return { first, attempt };
    } catch (error) {
      attempt.end(error);
      throw error;
    }
  }

  get text(): string {
    return this.stream.text;
  }

  get finish(): Finish | null {
    return this.stream.finish;
  }

  /** Hands what follows the first piece over as it comes; resolves when the answer is whole. */
  rest(onText: (text: string) => void): Promise<void> {
    return this.stream.read((piece) => {
      onText(piece);
      return true;
    });
  }

  /** Closes the line and books time and tokens; a second time it does nothing. */
  end(error?: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.stream.close();
    this.books.metrics.ended(this.measured, this.seconds(), errorTypeOf(error, this.stream.finish !== null));
    this.bookTokens();
  }

  /** The provider's count; ours where it gave no sound one and had begun to answer; nothing where it had not. */
  private bookTokens(): void {
    const { ledger, metrics } = this.books;
    const { finish, text } = this.stream;
    const given = soundCounts(finish?.usage ?? null);
    if (given === null && text === '') return;
    const counts = given ?? estimateUsage(this.request.messages, text);
    const costUsd = ledger.book(this.candidate.name, counts, given === null);
    metrics.used(this.measured, counts.inputTokens, counts.outputTokens, costUsd);
  }

  private seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }
}

/** An end without an error before the answer is whole: the reader left. */
function errorTypeOf(error: unknown, whole: boolean): string {
  if (error === undefined) return whole ? '' : 'aborted';
  return error instanceof ProviderFailure ? error.kind : 'aborted';
}
