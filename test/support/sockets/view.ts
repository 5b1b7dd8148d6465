/** What a client of any transport has been told of a session, and the texts that it has built from deltas. */
export interface SeenEvent {
  readonly seq: number;
  readonly type: string;
  readonly session_id: string;
  readonly run_id: string | null;
  readonly at: string;
  readonly data: Record<string, unknown>;
}

export interface SeenPiece {
  readonly run_id: string;
  readonly message_id: string;
  readonly offset?: number;
  readonly text: string;
}

const ENDS: ReadonlySet<string> = new Set(['run.completed', 'run.failed', 'run.cancelled']);
const WAIT_MS = 10_000;

/** One client's view of one session: applies deltas as the contract says, and lets a test wait for things. */
export class SessionView {
  readonly events: SeenEvent[] = [];
  readonly deltas: SeenPiece[] = [];
  readonly snapshots: SeenPiece[] = [];
  readonly statuses: Record<string, unknown>[] = [];
  readonly errors: Record<string, unknown>[] = [];
  /** By message: what deltas and snapshots have built. */
  readonly built = new Map<string, string>();
  /** Why the line ended, once it has. */
  ended: string | undefined;
  private waiting: (() => void)[] = [];

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  get seqs(): number[] {
    return this.events.map(({ seq }) => seq);
  }

  /** Texts of the messages in the log, the text of deltas where they came. */
  get messages(): Record<string, unknown>[] {
    return this.events.filter(({ type }) => type === 'message.created').map(({ data }) => data);
  }

  tell(kind: string, body: Record<string, unknown>): void {
    if (kind === 'delta') this.delta(piece(body));
    else if (kind === 'snapshot') this.snapshot(piece(body));
    else if (kind === 'status') this.statuses.push(body);
    else if (kind === 'error') this.errors.push(body);
    else this.events.push(seen(body));
    this.wake();
  }

  end(reason: string): void {
    this.ended ??= reason;
    this.wake();
  }

  /** Resolves when `holds` does. @throws Error that says what was seen instead */
  async until<T>(what: string, holds: () => T | undefined | false): Promise<T> {
    const give = performance.now() + WAIT_MS;
    for (;;) {
      const found = holds();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > give)
        throw new Error(`waited for ${what}; saw ${this.types.join(' ')} ${this.ended ?? ''}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  type(type: string, nth = 1): Promise<SeenEvent> {
    return this.until(`${type} ${nth}`, () => this.events.filter((event) => event.type === type)[nth - 1]);
  }

  /** The event that ended the n-th run. */
  runEnd(nth = 1): Promise<SeenEvent> {
    return this.until(`the end of run ${nth}`, () => this.events.filter(({ type }) => ENDS.has(type))[nth - 1]);
  }

  over(): Promise<string> {
    return this.until('the end of the line', () => this.ended);
  }

  private delta(delta: SeenPiece): void {
    this.deltas.push(delta);
    const text = this.built.get(delta.message_id) ?? '';
    if (delta.offset === text.length) this.built.set(delta.message_id, text + delta.text);
  }

  private snapshot(snapshot: SeenPiece): void {
    this.snapshots.push(snapshot);
    this.built.set(snapshot.message_id, snapshot.text);
  }

  private wake(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }
}

function piece(body: Record<string, unknown>): SeenPiece {
  const { run_id, message_id, offset, text } = body;
  return {
    run_id: String(run_id),
    message_id: String(message_id),
    text: String(text),
    ...(typeof offset === 'number' ? { offset } : {}),
  };
}

function seen(body: Record<string, unknown>): SeenEvent {
  const { seq, type, session_id, run_id, at, data } = body;
  return {
    seq: Number(seq),
    type: String(type),
    session_id: String(session_id),
    run_id: run_id === null ? null : String(run_id),
    at: String(at),
    data: record(data),
  };
}

export function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error(`no object: ${JSON.stringify(value)}`);
  return Object.fromEntries(Object.entries(value));
}
