import { newId } from '@parley/platform/ids';
import type { AgentAuthor, AnswerMessage, TurnSink } from './turn.types.js';

/** A message that a component is saying. It has its id from its first text. */
export class Speech {
  readonly id = newId('message');
  private said = '';
  private begun = false;
  private finishReason: string | null = null;
  private readonly metadata: Record<string, unknown> = {};

  constructor(
    private readonly sink: TurnSink,
    private readonly author: AgentAuthor,
  ) {}

  get text(): string {
    return this.said;
  }

  write(text: string): void {
    if (text === '') return;
    if (!this.begun) {
      this.begun = true;
      this.sink.messageStarted({ id: this.id, author: this.author });
    }
    this.said += text;
    this.sink.delta(this.id, text);
  }

  finish(reason: string): void {
    this.finishReason = reason;
  }

  flag(metadata: Readonly<Record<string, unknown>>): void {
    Object.assign(this.metadata, metadata);
  }

  toMessage(): AnswerMessage {
    const { id, author, said: content, finishReason, metadata } = this;
    return { id, author, content, finishReason, metadata };
  }
}
