import type { ChatPart } from './chat-model.js';

/** Parts that may wait before the source is asked to pause. */
const HIGH_WATER = 64;

/** How the queue slows its source down. */
export interface PartSource {
  pause(): void;
  resume(): void;
  /** Nobody will ask again. */
  leave(): void;
}

/**
 * Carries parts from callbacks to one `for await`. A plain iterator instead of an async generator:
 * it runs once a token, and a generator would cost a promise more each time.
 */
export class PartQueue implements AsyncIterableIterator<ChatPart> {
  private readonly parts: ChatPart[] = [];
  private waiting: { resolve(result: IteratorResult<ChatPart>): void; reject(error: Error): void } | null = null;
  private failure: Error | null = null;
  private ended = false;
  private paused = false;
  private source: PartSource | null = null;

  /** The queue may be read before its source is connected. */
  connect(source: PartSource): void {
    this.source = source;
  }

  get closed(): boolean {
    return this.ended;
  }

  push(part: ChatPart): void {
    if (this.ended) return;
    const { waiting } = this;
    if (waiting !== null) {
      this.waiting = null;
      waiting.resolve({ done: false, value: part });
      return;
    }
    this.parts.push(part);
    if (this.parts.length >= HIGH_WATER && !this.paused) {
      this.paused = true;
      this.source?.pause();
    }
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.waiting?.resolve({ done: true, value: undefined });
    this.waiting = null;
  }

  /** Parts that came before are still read; then `error` is thrown. */
  fail(error: Error): void {
    if (this.ended) return;
    this.ended = true;
    if (this.waiting === null) this.failure = error;
    else this.waiting.reject(error);
    this.waiting = null;
  }

  next(): Promise<IteratorResult<ChatPart>> {
    const part = this.parts.shift();
    if (part !== undefined) {
      if (this.paused && this.parts.length === 0) this.carryOn();
      return Promise.resolve({ done: false, value: part });
    }
    if (this.failure !== null) {
      const error = this.failure;
      this.failure = null;
      return Promise.reject(error);
    }
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<ChatPart>> {
    this.end();
    this.failure = null;
    this.parts.length = 0;
    this.source?.leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private carryOn(): void {
    this.paused = false;
    this.source?.resume();
  }
}
