import { Logger } from '@nestjs/common';
import type pg from 'pg';
import { reconnectDelay } from './reconnect-delay.js';

const PATIENCE_MS = 5000;
const GOODBYE_MS = 1000;

export interface ChannelListener {
  /** A notification came, from this process or another one. */
  heard(payload: string): void;
  /** The server listens on the channel now: the first time, and after each loss of the line. */
  up?(): void;
  /** The line is lost; what is sent until `up` is not heard. */
  down?(): void;
}

/**
 * The one connection of this process that listens (PostgreSQL LISTEN/NOTIFY), shared by everything
 * that wants to be told. It is opened with the first listener, comes back by itself for ever, and
 * ends with the last listener. Not for a server behind a transaction-pooling proxy.
 */
export class PgListener {
  private readonly logger = new Logger(PgListener.name);
  private readonly channels = new Map<string, Set<ChannelListener>>();
  private client: pg.Client | undefined;
  private connecting = false;
  private attempt = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param makeClient a new, unconnected client with the application's rights and a bounded connect.
   * @param patienceMs between two heartbeats, and how long an answer to one may take.
   */
  constructor(
    private readonly makeClient: () => pg.Client,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** Whether the line is up: what is notified now reaches the server. */
  get isUp(): boolean {
    return this.client !== undefined;
  }

  /** @param channel at most 63 bytes of [a-z0-9_]. Returns the function that ends it. */
  listen(channel: string, listener: ChannelListener): () => void {
    const known = this.channels.get(channel);
    if (known === undefined) this.channels.set(channel, new Set([listener]));
    else known.add(listener);
    if (this.client === undefined) this.connect();
    else this.join(this.client, channel, [listener]);
    return () => this.leave(channel, listener);
  }

  /**
   * Notifies all listeners of the database, this process too. False where the line is away.
   * @param payload less than 8000 bytes.
   */
  async notify(channel: string, payload: string): Promise<boolean> {
    const client = this.client;
    if (client === undefined) return false;
    try {
      await client.query('select pg_notify($1, $2)', [channel, payload]);
      return true;
    } catch (error) {
      this.lose(client, error);
      return false;
    }
  }

  /** Ends the line. Listeners are told nothing more. */
  async close(): Promise<void> {
    this.channels.clear();
    await this.hangUp();
  }

  private leave(channel: string, listener: ChannelListener): void {
    const known = this.channels.get(channel);
    if (known?.delete(listener) !== true || known.size > 0) return;
    this.channels.delete(channel);
    const client = this.client;
    if (this.channels.size === 0) void this.hangUp();
    else client?.query(`unlisten "${channel}"`).catch((error: unknown) => this.lose(client, error));
  }

  private connect(): void {
    if (this.connecting || this.client !== undefined || this.channels.size === 0) return;
    this.connecting = true;
    clearTimeout(this.timer);
    const client = this.makeClient();
    client.on('error', (error) => this.lose(client, error));
    client.on('end', () => this.lose(client, new Error('the connection ended')));
    client.on('notification', ({ channel, payload }) => this.hear(channel, payload ?? ''));
    this.establish(client)
      .then(() => this.established(client))
      .catch((error: unknown) => this.failed(client, error));
  }

  private async establish(client: pg.Client): Promise<void> {
    await client.connect();
    // NOTIFY takes a transaction number, so its commit would wait for the disk: nothing of it is kept.
    await client.query('set synchronous_commit = off');
  }

  private established(client: pg.Client): void {
    this.connecting = false;
    if (this.channels.size === 0) {
      this.end(client);
      return;
    }
    this.client = client;
    this.attempt = 0;
    this.scheduleHeartbeat(client);
    for (const [channel, listeners] of this.channels) this.join(client, channel, [...listeners]);
  }

  private failed(client: pg.Client, error: unknown): void {
    this.connecting = false;
    this.end(client);
    if (this.attempt === 0) this.logger.warn({ msg: 'cannot listen to the database, trying on', err: error });
    this.connectLater();
  }

  private join(client: pg.Client, channel: string, listeners: readonly ChannelListener[]): void {
    client
      .query(`listen "${channel}"`)
      .then(() => {
        if (this.client !== client) return;
        for (const listener of listeners) if (this.channels.get(channel)?.has(listener)) listener.up?.();
      })
      .catch((error: unknown) => this.lose(client, error));
  }

  private hear(channel: string, payload: string): void {
    for (const listener of [...(this.channels.get(channel) ?? [])]) listener.heard(payload);
  }

  private lose(client: pg.Client, error: unknown): void {
    if (this.client !== client) return;
    this.client = undefined;
    clearTimeout(this.timer);
    this.end(client);
    this.logger.warn({ msg: 'the line that listens to the database is lost, calling again', err: error });
    for (const listeners of [...this.channels.values()]) for (const listener of [...listeners]) listener.down?.();
    this.connectLater();
  }

  private connectLater(): void {
    this.attempt += 1;
    this.timer = setTimeout(() => this.connect(), reconnectDelay(this.attempt)).unref();
  }

  private scheduleHeartbeat(client: pg.Client): void {
    this.timer = setTimeout(() => {
      this.answers(client).then(
        () => this.client === client && this.scheduleHeartbeat(client),
        (error: unknown) => this.lose(client, error),
      );
    }, this.patienceMs).unref();
  }

  /** A peer that vanished without a word would otherwise be noticed after hours only. */
  private async answers(client: pg.Client): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer to the heartbeat')), this.patienceMs).unref();
    });
    try {
      await Promise.race([client.query('select 1'), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async hangUp(): Promise<void> {
    clearTimeout(this.timer);
    const client = this.client;
    this.client = undefined;
    if (client === undefined) return;
    const patience = new Promise<void>((resolve) => void setTimeout(resolve, GOODBYE_MS).unref());
    await Promise.race([client.end(), patience]);
  }

  private end(client: pg.Client): void {
    client.end().catch((error: unknown) => this.logger.debug({ msg: 'a dead line did not end cleanly', err: error }));
  }
}
