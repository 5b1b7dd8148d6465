import type { AppError } from '@parley/platform/errors';
import { codePointPrefix } from '@parley/platform/text';
import type { ComponentResult, TurnSink } from '@parley/use-cases';
import type { BegunRun } from './begun-run.js';

/** A message that is being written. */
export interface LiveMessage {
  readonly messageId: string;
  readonly authorId: string;
  readonly authorName: string;
  /** Everything that was said. */
  text: string;
  /** UTF-16 code units sent as deltas. */
  sent: number;
  /** Text not yet sent. */
  unsent: string;
  /** UTF-16 code units written down as drafts. */
  saved: number;
  /** Text sent but not yet written down. */
  unsaved: string;
}

/** What a run tells while it is executed: text goes to the pacer, components to the log. */
export interface LiveRunListener {
  textGrew(run: LiveRun, message: LiveMessage): void;
  component(run: LiveRun, type: 'component.started' | 'component.completed', data: Record<string, unknown>): void;
}

/** One run under way on this node: what it has said so far, and how it is stopped. */
export class LiveRun implements TurnSink {
  readonly messages: LiveMessage[] = [];
  readonly begunAt = performance.now();
  private readonly controller = new AbortController();
  private ending: AppError | undefined;
  /** The result of the answering component: it rides in the last transaction. */
  answered: { component: string; result: ComponentResult } | undefined;
  hasDrafts = false;
  /** When the next delta may go out, on the clock of `performance.now()`. */
  dueAt = 0;

  constructor(
    readonly run: BegunRun,
    private readonly listener: LiveRunListener,
  ) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Why the run was stopped from outside, if it was. The first reason counts. */
  get stoppedBy(): AppError | undefined {
    return this.ending;
  }

  stop(reason: AppError): void {
    if (this.ending !== undefined) return;
    this.ending = reason;
    this.controller.abort(reason);
  }

  componentStarted(component: string): void {
    // That of the answering component went out with the run's first transaction.
    if (component !== this.run.plan.answers) this.listener.component(this, 'component.started', { component });
  }

  componentCompleted(component: string, result: ComponentResult): void {
    if (component === this.run.plan.answers) this.answered = { component, result };
    else this.listener.component(this, 'component.completed', completedFacts(component, result));
  }

  messageStarted(message: { id: string; author: { type: 'agent'; id: string; name: string } }): void {
    this.messages.push({
      messageId: message.id,
      authorId: message.author.id,
      authorName: message.author.name,
      text: '',
      sent: 0,
      unsent: '',
      saved: 0,
      unsaved: '',
    });
  }

  delta(messageId: string, text: string): void {
    const message = this.message(messageId);
    message.text += text;
    message.unsent += text;
    this.listener.textGrew(this, message);
  }

  private message(messageId: string): LiveMessage {
    const message = this.messages.find((one) => one.messageId === messageId);
    if (message === undefined) throw new Error('a delta for a message that was not started');
    return message;
  }
}

/** The short result that the log keeps: ids and numbers, long texts cut. */
export function completedFacts(component: string, result: ComponentResult): Record<string, unknown> {
  return { component, ...shorten(result) };
}

const LONGEST_TEXT = 200;

function shorten(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortValue(member)]));
}

function shortValue(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length <= LONGEST_TEXT ? value : `${codePointPrefix(value, LONGEST_TEXT)}…`;
  if (Array.isArray(value)) return value.map(shortValue);
  return typeof value === 'object' && value !== null ? shorten(value) : value;
}
