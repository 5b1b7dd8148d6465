import type { Redis } from 'ioredis';
import { Deferred } from './deferred.js';
import type { Listeners } from './listeners.js';

/** Keeps what Redis sends to this process in line with who listens here, over losses of the connection. */
export class RedisChannels {
  /** Channels whose listeners came or went since Redis was last told. */
  private readonly changed = new Set<string>();
  /** Channels that this connection has asked for. */
  private readonly asked = new Set<string>();
  /** Channels that have listeners and that Redis has not confirmed. */
  private readonly unconfirmed = new Map<string, Deferred>();

  constructor(
    private readonly listeners: Listeners,
    private readonly nameOf: (channel: string) => string,
  ) {}

  /** The channel's listeners have changed. */
  note(channel: string): void {
    this.changed.add(channel);
  }

  /** Resolves when Redis sends the channel to this process. */
  confirmation(channel: string): Promise<void> {
    const known = this.unconfirmed.get(channel);
    if (known !== undefined) return known.promise;
    if (this.asked.has(channel)) return Promise.resolve();
    const deferred = new Deferred();
    this.unconfirmed.set(channel, deferred);
    return deferred.promise;
  }

  /** A new connection has asked for nothing yet. */
  forget(): void {
    for (const channel of this.asked) if (this.listeners.has(channel)) void this.confirmation(channel);
    this.asked.clear();
    for (const channel of this.listeners.channels()) this.changed.add(channel);
  }

  /** One command for all that joined, one for all that left. @throws when the connection breaks. */
  async tell(ear: Redis): Promise<void> {
    const { more, less } = this.takeChanges();
    // Both at once: where the connection breaks both fail, and neither failure may be left to nobody.
    await Promise.all([
      less.length === 0 ? undefined : ear.unsubscribe(...less.map(this.nameOf)),
      more.length === 0 ? undefined : ear.subscribe(...more.map(this.nameOf)),
    ]);
    for (const channel of more) this.confirm(channel);
  }

  /** Nobody waits any longer. */
  release(): void {
    for (const deferred of this.unconfirmed.values()) deferred.resolve();
    this.unconfirmed.clear();
  }

  private takeChanges(): { more: string[]; less: string[] } {
    const more: string[] = [];
    const less: string[] = [];
    for (const channel of this.changed) {
      const wanted = this.listeners.has(channel);
      const known = this.asked.has(channel);
      if (!wanted) this.confirm(channel);
      if (wanted && !known) more.push(channel);
      if (!wanted && known) less.push(channel);
    }
    this.changed.clear();
    for (const channel of less) this.asked.delete(channel);
    for (const channel of more) this.asked.add(channel);
    return { more, less };
  }

  private confirm(channel: string): void {
    this.unconfirmed.get(channel)?.resolve();
    this.unconfirmed.delete(channel);
  }
}
