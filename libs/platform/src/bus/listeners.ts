import type { Logger } from '@nestjs/common';
import type { BusListener, BusMessage, BusOrigin } from './bus.js';

/** Who listens to what in this process; the same for every bus. */
export class Listeners {
  private readonly byChannel = new Map<string, Set<BusListener>>();
  private readonly doubters = new Set<() => void>();

  constructor(private readonly logger: Logger) {}

  /** Returns the function that takes exactly this listener away again, however often it is called. */
  add(channel: string, listener: BusListener): () => void {
    // Wrapped, so that the same function given twice is two subscriptions.
    const own: BusListener = (message, origin) => listener(message, origin);
    const known = this.byChannel.get(channel);
    if (known === undefined) this.byChannel.set(channel, new Set([own]));
    else known.add(own);
    return () => this.remove(channel, own);
  }

  private remove(channel: string, listener: BusListener): void {
    const known = this.byChannel.get(channel);
    if (known?.delete(listener) === true && known.size === 0) this.byChannel.delete(channel);
  }

  has(channel: string): boolean {
    return this.byChannel.has(channel);
  }

  channels(): string[] {
    return [...this.byChannel.keys()];
  }

  /** Listeners added meanwhile do not hear this message, removed ones are passed over. */
  deliver(channel: string, message: BusMessage, origin: BusOrigin): void {
    const listeners = this.byChannel.get(channel);
    if (listeners === undefined) return;
    for (const listener of [...listeners]) {
      if (listeners.has(listener)) this.attempt(() => listener(message, origin), channel);
    }
  }

  addDoubter(listener: () => void): () => void {
    // Wrapped, so that the same function given twice is two listeners.
    const doubter = () => listener();
    this.doubters.add(doubter);
    return () => {
      this.doubters.delete(doubter);
    };
  }

  doubt(): void {
    for (const doubter of [...this.doubters]) this.attempt(doubter, 'doubt');
  }

  private attempt(call: () => void, channel: string): void {
    try {
      call();
    } catch (error) {
      this.logger.error({ msg: 'a listener threw', channel: kindOf(channel), err: error });
    }
  }
}

/** The part of a channel's name before its first colon: ids stay out of the log. */
function kindOf(channel: string): string {
  return channel.split(':', 1)[0] ?? '';
}
