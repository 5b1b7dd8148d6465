import { type BeforeApplicationShutdown, Logger } from '@nestjs/common';
import { Bus, type BusListener, type BusMessage, type BusMode, type BusSubscription } from './bus.js';
import { Deferred } from './deferred.js';
import { Listeners } from './listeners.js';
import { type NotifyWord, parseNotifyWord } from './notify-words.js';
import type { PgListener } from './pg-listener.js';
import { WakeBatch } from './wake-batch.js';

const CHANNEL = 'parley_bus';
/** At most one NOTIFY of this node in so many milliseconds. */
const INTERVAL_MS = 25;
/** Whoever has not answered a hello by then is not there. */
const ANSWER_MS = 2000;
/** Nodes that died without a word stay known; beyond this many the oldest is forgotten. */
const MOST_PEERS = 1000;

export interface NotifyBusSettings {
  readonly nodeId: string;
  /** This process started the embedded database: while nobody joins, it is alone and says nothing. */
  readonly ownsDatabase: boolean;
}

/**
 * Several processes on one PostgreSQL without Redis. Only wakes travel, coalesced into one NOTIFY per
 * 25 ms on a connection of its own, outside of any transaction that appends. A node that is alone
 * sends nothing: nodes greet each other when they come.
 */
export class NotifyBus extends Bus implements BeforeApplicationShutdown {
  private readonly logger = new Logger(NotifyBus.name);
  private readonly listeners = new Listeners(this.logger);
  private readonly pending = new WakeBatch();
  private readonly peers = new Set<string>();
  private readonly ownWakes: string;
  private lineIsUp = new Deferred();
  private stopListening: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sending = false;
  /** When the line came up, in milliseconds of this process; undefined while it is away. */
  private upSince: number | undefined;
  private wasUp = false;
  /** Our own hello came back: notifications do come through. */
  private heardSelf = false;

  constructor(
    private readonly line: Pick<PgListener, 'listen' | 'notify'>,
    private readonly settings: NotifyBusSettings,
  ) {
    super();
    this.ownWakes = `{"n":${JSON.stringify(settings.nodeId)},"w"`;
  }

  get mode(): BusMode {
    return this.settings.ownsDatabase && this.peers.size === 0 ? 'process' : 'notify';
  }

  /** Begins to listen, in the background. */
  open(): void {
    this.stopListening = this.line.listen(CHANNEL, {
      heard: (payload) => this.hear(payload),
      up: () => this.lineUp(),
      down: () => this.lineDown(),
    });
  }

  publish(channel: string, message: BusMessage): void {
    this.listeners.deliver(channel, message, 'local');
    if (message.wake === undefined || this.upSince === undefined || this.isAlone()) return;
    this.pending.add(channel, message.wake);
    this.sendSoon(0);
  }

  subscribe(channel: string, listener: BusListener): BusSubscription {
    return { ready: this.lineIsUp.promise, close: this.listeners.add(channel, listener) };
  }

  state(): { healthy: boolean; reason?: string } {
    if (this.upSince === undefined) return { healthy: false, reason: 'the line that listens to the database is away' };
    if (this.heardSelf || performance.now() - this.upSince < ANSWER_MS) return { healthy: true };
    return { healthy: false, reason: 'notifications of the database do not come through' };
  }

  onDoubt(listener: () => void): () => void {
    return this.listeners.addDoubter(listener);
  }

  /** Sends what waits, takes leave of the other nodes and stops listening. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    if (this.upSince !== undefined) {
      while (!this.pending.isEmpty && (await this.line.notify(CHANNEL, this.pending.take(this.settings.nodeId))));
      await this.say({ n: this.settings.nodeId, bye: true });
    }
    this.upSince = undefined;
    this.stopListening?.();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Nobody answered the hello, and nobody has come since. Unsure is not alone. */
  private isAlone(): boolean {
    const settled = this.upSince !== undefined && performance.now() - this.upSince > ANSWER_MS;
    return this.peers.size === 0 && settled && this.heardSelf;
  }

  private lineUp(): void {
    this.upSince = performance.now();
    this.heardSelf = false;
    this.lineIsUp.resolve();
    void this.say({ n: this.settings.nodeId, hello: this.wasUp ? 'again' : 'new' });
    if (this.wasUp) this.listeners.doubt();
    this.wasUp = true;
  }

  private lineDown(): void {
    this.upSince = undefined;
    this.lineIsUp = new Deferred();
    this.pending.clear();
    this.listeners.doubt();
  }

  private hear(payload: string): void {
    if (payload.startsWith(this.ownWakes)) return;
    const word = parseNotifyWord(payload);
    if (word === undefined) return;
    if (word.n === this.settings.nodeId) {
      if ('hello' in word) this.heardSelf = true;
      return;
    }
    this.hearPeer(word);
  }

  private hearPeer(word: NotifyWord): void {
    if ('bye' in word) {
      this.peers.delete(word.n);
      return;
    }
    const mode = this.mode;
    const isNew = this.meet(word.n);
    if ('w' in word) {
      for (const [channel, wake] of Object.entries(word.w)) this.listeners.deliver(channel, { wake }, 'remote');
    } else if ('hello' in word) {
      void this.say({ n: this.settings.nodeId, welcome: word.n });
    }
    // Whoever was there before us thought itself alone until it heard our hello, and said nothing.
    const wasSilent = isNew && !('hello' in word);
    const wasAway = 'hello' in word && word.hello === 'again';
    if (wasSilent || wasAway || mode !== this.mode) this.listeners.doubt();
  }

  private meet(peer: string): boolean {
    if (this.peers.has(peer)) return false;
    this.peers.add(peer);
    if (this.peers.size > MOST_PEERS) {
      const [oldest] = this.peers;
      if (oldest !== undefined) this.peers.delete(oldest);
    }
    return true;
  }

  private sendSoon(afterMs: number): void {
    if (this.sending) return;
    this.sending = true;
    this.timer = setTimeout(() => void this.send(), afterMs);
  }

  private async send(): Promise<void> {
    const began = performance.now();
    if (!this.pending.isEmpty) await this.line.notify(CHANNEL, this.pending.take(this.settings.nodeId));
    // The next one may leave only after the interval: what is published until then goes with it.
    const rest = Math.max(0, INTERVAL_MS - (performance.now() - began));
    this.timer = setTimeout(() => {
      this.sending = false;
      if (!this.pending.isEmpty) this.sendSoon(0);
    }, rest);
  }

  private async say(word: NotifyWord): Promise<void> {
    await this.line.notify(CHANNEL, JSON.stringify(word));
  }
}
