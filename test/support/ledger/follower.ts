import { setTimeout as sleep } from 'node:timers/promises';
import { type Line, openLine, type Place, type Transport } from './lines.js';
import { Reading } from './reading.js';
import { type Outgoing, type Receipt, Refusal } from './wire.js';

const PAUSE_MS = 100;

export interface FollowerOptions {
  readonly name: string;
  readonly transport: Transport;
  readonly token: string;
  readonly sessionId: string;
  /** Where to connect next: asked before every connection. */
  readonly url: () => string;
  /** The last `seq` that it says it has, to begin with; 0 without. */
  readonly after?: number;
}

/** A client that stays: whenever its connection ends, it connects again after the last `seq` it has. */
export class Follower {
  readonly reading: Reading;
  /** Connections that stood. */
  connections = 0;
  /** Why they ended, in order. */
  readonly ends: string[] = [];
  private line: Line | undefined;
  private closed = false;
  private readonly done: Promise<void>;

  constructor(private readonly options: FollowerOptions) {
    this.reading = new Reading(`${options.name} by ${options.transport}`, options.after);
    this.done = this.follow();
  }

  /** Over the open connection. @throws where there is none, the message is refused, or nobody knows */
  send(message: Outgoing): Promise<Receipt> {
    return this.line === undefined ? Promise.reject(new Error('not connected')) : this.line.send(message);
  }

  /** Breaks the connection off; the follower connects again. */
  cut(): void {
    const line = this.line;
    this.line = undefined;
    line?.cut();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.line?.cut();
    await this.done;
  }

  private async follow(): Promise<void> {
    while (!this.closed) {
      try {
        const line = await openLine(this.options.transport, this.place(), this.reading);
        this.connections += 1;
        this.line = line;
        if (this.closed) line.cut();
        this.ends.push(await line.ended);
      } catch (error) {
        // The service is away or on its way: only what will not pass is a breach.
        if (error instanceof Refusal && !error.passes) this.reading.breach(error.message);
      }
      this.line = undefined;
      if (!this.closed) await sleep(PAUSE_MS);
    }
  }

  private place(): Place {
    const { token, sessionId, url } = this.options;
    return { token, sessionId, url: url() };
  }
}
