import { deltaSchema, type Event, eventSchema, type Message, messageSchema, snapshotSchema } from './wire.js';

/**
 * What one reader has been told of one session over all its connections, and every breach of the contract
 * that it noticed on the way: an event twice, left out or out of order, text that does not fit.
 */
export class Reading {
  readonly events: Event[] = [];
  readonly breaches: string[] = [];
  /** Text of each message as a client shows it now. */
  readonly texts = new Map<string, string>();
  /** The longest text of each message that was on the screen before the finished message came. */
  readonly shown = new Map<string, string>();
  /** Messages whose deltas and snapshots alone gave the whole text. */
  readonly wholeByDeltas = new Set<string>();
  /** Deltas that lay beyond what the client had. */
  gaps = 0;
  deltas = 0;
  snapshots = 0;
  /** How things stand was said: at the end of a replay, and from then on as they change. */
  statuses = 0;
  private readonly finished = new Set<string>();

  /** @param after the `seq` that the reader says it has when it comes */
  constructor(
    readonly name: string,
    readonly after = 0,
  ) {}

  /** The last `seq` that this reader has: where it resumes. */
  get cursor(): number {
    return this.events.at(-1)?.seq ?? this.after;
  }

  event(body: unknown): void {
    const event = eventSchema.parse(body);
    if (event.seq !== this.cursor + 1) {
      this.breach(`event ${event.seq} ${event.type} after ${this.cursor}`);
      if (event.seq <= this.cursor) return;
    }
    this.events.push(event);
    if (event.type === 'message.created') this.finish(event);
    if (event.type === 'message.updated') this.replace(event);
  }

  /** Applied only at the client's own length; below it is a duplicate, above it a gap. */
  delta(body: unknown): void {
    const { message_id: id, offset, text } = deltaSchema.parse(body);
    this.deltas += 1;
    if (this.finished.has(id)) return;
    const had = this.texts.get(id) ?? '';
    if (offset > had.length) {
      this.gaps += 1;
    } else if (offset < had.length) {
      if (!overlaps(had, offset, text)) this.breach(`a delta at ${offset} of ${id} says something else than before`);
    } else {
      this.show(id, had + text);
    }
  }

  snapshot(body: unknown): void {
    const { message_id: id, text } = snapshotSchema.parse(body);
    this.snapshots += 1;
    const had = this.texts.get(id) ?? '';
    if (!agree(had, text)) this.breach(`a snapshot of ${id} does not continue what was shown`);
    if (!this.finished.has(id)) this.show(id, text);
  }

  status(): void {
    this.statuses += 1;
  }

  breach(what: string): void {
    this.breaches.push(`${this.name}: ${what}`);
  }

  private show(id: string, text: string): void {
    this.texts.set(id, text);
    if (text.length > (this.shown.get(id) ?? '').length) this.shown.set(id, text);
  }

  /** Erased or superseded: the message as it is now replaces what the reader has. */
  private replace(event: Event): void {
    const message = this.messageIn(event);
    if (message !== undefined) this.texts.set(message.message_id, message.content);
  }

  private messageIn(event: Event): Message | undefined {
    const message = messageSchema.safeParse(event.data);
    if (!message.success) this.breach(`${event.type} ${event.seq} holds no message`);
    return message.data;
  }

  private finish(event: Event): void {
    const message = this.messageIn(event);
    if (message === undefined) return;
    const { message_id: id, content, status } = message;
    const shown = this.shown.get(id) ?? '';
    // A killed node may take back what it had shown last, but nothing is ever replaced by something else.
    if (status !== 'deleted' && !agree(content, shown)) this.breach(`${id} was shown with another text than stored`);
    if (status === 'complete' && shown.length > content.length) this.breach(`${id} was shown longer than it is`);
    if (this.texts.get(id) === content) this.wholeByDeltas.add(id);
    this.texts.set(id, content);
    this.finished.add(id);
  }
}

/** Whether one of the two texts begins with the other. */
export function agree(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function overlaps(had: string, offset: number, text: string): boolean {
  return agree(had.slice(offset), text);
}
