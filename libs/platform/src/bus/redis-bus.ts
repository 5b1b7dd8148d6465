import { type BeforeApplicationShutdown, Logger } from '@nestjs/common';
import type { Redis, RedisOptions } from 'ioredis';
import { Bus, type BusListener, type BusMessage, type BusSubscription } from './bus.js';
import { Listeners } from './listeners.js';
import { reconnectDelay } from './reconnect-delay.js';
import { RedisChannels } from './redis-channels.js';
import { RedisEcho } from './redis-echo.js';
import { readEnvelope, writeEnvelope } from './redis-envelope.js';

const PATIENCE_MS = 5000;
const GOODBYE_MS = 500;
/** Characters handed to a Redis that has not acknowledged them; beyond it messages are dropped. */
const MOST_UNANSWERED = 8 * 1024 * 1024;

const OPTIONS: RedisOptions = {
  // What cannot be sent now is dropped: nothing may pile up while Redis is away.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  // Commands that a broken line leaves unanswered fail with it. With `null` they would stay open for ever, and
  // the pipeline that they are part of would hold back everything that is published after it.
  maxRetriesPerRequest: 0,
  enableAutoPipelining: true,
  connectTimeout: 5000,
  keepAlive: 10_000,
  disableClientInfo: true,
  retryStrategy: reconnectDelay,
};

export interface RedisBusSettings {
  readonly url: string;
  /** Of every channel, e.g. `parley:`. */
  readonly prefix: string;
  readonly nodeId: string;
  /** Milliseconds between two heartbeats, and how long an answer may take; default 5000. */
  readonly patienceMs?: number;
}

/** Every node hears everything, by Redis pub/sub: one connection speaks, one listens. */
export class RedisBus extends Bus implements BeforeApplicationShutdown {
  readonly mode = 'redis';
  private readonly logger = new Logger(RedisBus.name);
  private readonly listeners = new Listeners(this.logger);
  private readonly channels: RedisChannels;
  private readonly channelPrefix: string;
  /** Said to everybody by a node whose words were lost for a while. */
  private readonly doubtChannel: string;
  /** Heard by this node alone. */
  private readonly echoChannel: string;
  private readonly echo: RedisEcho;
  private isDeaf = false;
  private speaker: Redis | undefined;
  private ear: Redis | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private earIsUp = false;
  private earWasUp = false;
  private speakerWasUp = false;
  private tellPlanned = false;
  private unanswered = 0;
  private closed = false;

  constructor(private readonly settings: RedisBusSettings) {
    super();
    this.channelPrefix = `${settings.prefix}bus:`;
    this.doubtChannel = `${settings.prefix}bus-doubt`;
    this.echoChannel = `${settings.prefix}bus-echo:${settings.nodeId}`;
    this.echo = new RedisEcho(settings.patienceMs ?? PATIENCE_MS);
    this.channels = new RedisChannels(this.listeners, (channel) => this.channelPrefix + channel);
  }

  /** Loads the driver and begins to connect; resolves before it is connected. */
  async open(): Promise<void> {
    const { Redis } = await import('ioredis');
    if (this.closed) return;
    const { url, nodeId, patienceMs = PATIENCE_MS } = this.settings;
    const connect = (what: 'speaks' | 'listens') =>
      // Silence after a command, the heartbeat too, ends the connection: a dead peer is noticed.
      this.watch(new Redis(url, { ...OPTIONS, socketTimeout: patienceMs, connectionName: `${nodeId}-${what}` }), what);
    this.speaker = connect('speaks');
    this.speaker.on('ready', () => this.speakerUp());
    const ear = connect('listens');
    ear.on('ready', () => this.earUp(ear));
    ear.on('close', () => this.earDown());
    ear.on('message', (name: string, text: string) => this.hear(name, text));
    this.ear = ear;
    this.heartbeat = setInterval(() => this.beat(), patienceMs).unref();
  }

  publish(channel: string, message: BusMessage): void {
    this.listeners.deliver(channel, message, 'local');
    if (this.speaker?.status !== 'ready' || this.unanswered > MOST_UNANSWERED) return;
    const text = writeEnvelope(this.settings.nodeId, message);
    if (text !== undefined) this.send(this.speaker, this.channelPrefix + channel, text);
  }

  subscribe(channel: string, listener: BusListener): BusSubscription {
    const remove = this.listeners.add(channel, listener);
    this.note(channel);
    return {
      ready: this.channels.confirmation(channel),
      close: () => {
        remove();
        this.note(channel);
      },
    };
  }

  state(): { healthy: boolean; reason?: string } {
    if (!this.isUp()) return { healthy: false, reason: 'Redis is away: other nodes are not heard' };
    if (!this.echo.isMissing(performance.now())) return { healthy: true };
    return { healthy: false, reason: 'Redis takes messages and does not bring them back' };
  }

  onDoubt(listener: () => void): () => void {
    return this.listeners.addDoubter(listener);
  }

  /** Lets what was published leave, as far as Redis takes it within half a second. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.heartbeat);
    const patience = new Promise<void>((resolve) => void setTimeout(resolve, GOODBYE_MS).unref());
    if (this.speaker?.status === 'ready') await Promise.race([this.attempt(this.speaker.ping()), patience]);
    this.speaker?.disconnect();
    this.ear?.disconnect();
    this.channels.release();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.close();
  }

  private isUp(): boolean {
    return this.speaker?.status === 'ready' && this.ear?.status === 'ready' && this.earIsUp;
  }

  private watch(connection: Redis, what: 'speaks' | 'listens'): Redis {
    let told = false;
    connection.on('error', (error: unknown) => {
      if (!told) this.logger.warn({ msg: `the connection to Redis that ${what} is away, calling on`, err: error });
      told = true;
    });
    connection.on('ready', () => {
      told = false;
    });
    return connection;
  }

  private note(channel: string): void {
    this.channels.note(channel);
    if (this.tellPlanned) return;
    this.tellPlanned = true;
    // Joins of one tick go in one command.
    setImmediate(() => {
      this.tellPlanned = false;
      if (this.ear?.status === 'ready' && this.earIsUp) void this.attempt(this.channels.tell(this.ear));
    });
  }

  private earUp(ear: Redis): void {
    const again = this.earWasUp;
    this.earIsUp = true;
    this.earWasUp = true;
    this.channels.forget();
    this.echo.restart();
    const listening = Promise.all([ear.subscribe(this.doubtChannel, this.echoChannel), this.channels.tell(ear)]);
    void this.attempt(listening.then(() => again && this.listeners.doubt()));
  }

  /** Comes with every failed try too: only the loss of a line that was up raises doubt. */
  private earDown(): void {
    if (!this.earIsUp) return;
    this.earIsUp = false;
    this.channels.forget();
    if (!this.closed) this.listeners.doubt();
  }

  private speakerUp(): void {
    const again = this.speakerWasUp;
    this.speakerWasUp = true;
    if (again && this.speaker !== undefined) this.send(this.speaker, this.doubtChannel, this.settings.nodeId);
  }

  private hear(name: string, text: string): void {
    if (name === this.echoChannel) {
      this.echo.hear(text);
      this.isDeaf = this.echo.isMissing(performance.now());
      return;
    }
    if (name === this.doubtChannel) {
      if (text !== this.settings.nodeId) this.listeners.doubt();
      return;
    }
    const envelope = readEnvelope(text);
    if (envelope === undefined || envelope.node === this.settings.nodeId) return;
    this.listeners.deliver(name.slice(this.channelPrefix.length), envelope.message, 'remote');
  }

  private send(speaker: Redis, name: string, text: string): void {
    this.unanswered += text.length;
    void this.attempt(speaker.publish(name, text)).then(() => {
      this.unanswered -= text.length;
    });
  }

  private beat(): void {
    for (const connection of [this.speaker, this.ear])
      if (connection?.status === 'ready') void this.attempt(connection.ping());
    if (!this.isUp() || this.speaker === undefined) return;
    if (this.echo.isMissing(performance.now())) this.deaf();
    this.send(this.speaker, this.echoChannel, this.echo.next(performance.now()));
  }

  /** Connections that stand and carry nothing: say so once, and listen on a new one. */
  private deaf(): void {
    if (!this.isDeaf) this.logger.warn('Redis takes messages and does not bring them back: listening anew');
    this.isDeaf = true;
    this.listeners.doubt();
    this.ear?.disconnect(true);
  }

  /** A command that fails broke with its connection: `ready` comes again and repeats what must be. */
  private async attempt(command: Promise<unknown>): Promise<void> {
    try {
      await command;
    } catch (error) {
      this.logger.debug({ msg: 'a command was lost with its connection', err: error });
    }
  }
}
