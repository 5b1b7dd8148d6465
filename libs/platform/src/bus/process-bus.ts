import { Injectable, Logger } from '@nestjs/common';
import { Bus, type BusListener, type BusMessage, type BusSubscription } from './bus.js';
import { Listeners } from './listeners.js';

/** One process and nobody else. */
@Injectable()
export class ProcessBus extends Bus {
  readonly mode = 'process';
  private readonly listeners = new Listeners(new Logger(ProcessBus.name));

  publish(channel: string, message: BusMessage): void {
    this.listeners.deliver(channel, message, 'local');
  }

  subscribe(channel: string, listener: BusListener): BusSubscription {
    return { ready: Promise.resolve(), close: this.listeners.add(channel, listener) };
  }

  state(): { healthy: boolean } {
    return { healthy: true };
  }

  /** Never in doubt: what is delivered by a call cannot get lost. */
  onDoubt(listener: () => void): () => void {
    return this.listeners.addDoubter(listener);
  }
}
