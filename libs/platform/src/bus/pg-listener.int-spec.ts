import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { eventually, freePort, openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import pg from 'pg';
import { PgListener } from './pg-listener.js';

/** A network between a client and the database's socket that can fall silent without breaking. */
class SilentNetwork {
  private readonly pairs = new Set<[Socket, Socket]>();
  private readonly silent = new Set<[Socket, Socket]>();
  private server: Server | undefined;

  async open(socketPath: string): Promise<number> {
    const port = await freePort();
    this.server = createServer((client) => {
      const upstream = connect(socketPath);
      const pair: [Socket, Socket] = [client, upstream];
      this.pairs.add(pair);
      client.pipe(upstream).pipe(client);
      for (const end of pair) end.on('error', () => undefined);
      client.on('close', () => {
        upstream.destroy();
        this.pairs.delete(pair);
      });
    });
    this.server.listen(port, '127.0.0.1');
    return port;
  }

  /** That are not silent. */
  get connections(): number {
    return this.pairs.size;
  }

  fallSilent(): void {
    for (const [client, upstream] of this.pairs) {
      client.unpipe(upstream);
      upstream.unpipe(client);
    }
    for (const pair of this.pairs) this.silent.add(pair);
    this.pairs.clear();
  }

  close(): void {
    for (const pair of [...this.pairs, ...this.silent]) for (const end of pair) end.destroy();
    this.server?.close();
  }
}

describe('PgListener', () => {
  let test: TestDatabase;
  let network: SilentNetwork;
  let makeClient: () => pg.Client;
  beforeAll(async () => {
    Logger.overrideLogger(false);
    test = await openTestDatabase({ migrated: false });
    network = new SilentNetwork();
    const url = new URL(test.appUrl);
    const port = await network.open(`${decodeURIComponent(url.hostname)}/.s.PGSQL.5432`);
    makeClient = () =>
      new pg.Client({
        host: '127.0.0.1',
        port,
        user: url.username,
        password: decodeURIComponent(url.password),
        database: url.pathname.slice(1),
      });
  });
  afterAll(async () => {
    network.close();
    await test.close();
  });

  it('opens one connection for all channels with the first listener, and ends it with the last', async () => {
    const line = new PgListener(makeClient);
    expect(line.isUp).toBe(false);
    const heard: string[] = [];
    const up = jest.fn();
    const leaveA = line.listen('channel_a', { heard: (text) => heard.push(`a ${text}`), up });
    const leaveB = line.listen('channel_b', { heard: (text) => heard.push(`b ${text}`), up });
    const leaveB2 = line.listen('channel_b', { heard: (text) => heard.push(`b2 ${text}`), up });
    await eventually(() => up.mock.calls.length === 3, 'three channels listen', 5000);
    expect(network.connections).toBe(1);
    await line.notify('channel_a', '1');
    await line.notify('channel_b', '2');
    await eventually(() => heard.length === 3, 'three messages', 5000);
    expect(heard).toEqual(['a 1', 'b 2', 'b2 2']);
    leaveB();
    leaveA();
    await line.notify('channel_b', '3');
    await eventually(() => heard.length === 4, 'the one after it left', 5000);
    expect(heard.at(-1)).toBe('b2 3');
    leaveB2();
    leaveB2();
    await eventually(() => network.connections === 0, 'no connection', 5000);
    expect(await line.notify('channel_b', '4')).toBe(false);
  });

  it('notices a line that fell silent by its heartbeat, and listens again on another one', async () => {
    const line = new PgListener(makeClient, 200);
    const seen: string[] = [];
    line.listen('channel_c', {
      heard: (text) => seen.push(text),
      up: () => seen.push('up'),
      down: () => seen.push('down'),
    });
    await eventually(() => seen.length === 1, 'the first connection', 5000);
    await sleep(500);
    expect(seen).toEqual(['up']);
    network.fallSilent();
    await eventually(() => seen.length === 3, 'a connection again', 5000);
    expect(seen).toEqual(['up', 'down', 'up']);
    await line.notify('channel_c', 'hello');
    await eventually(() => seen.at(-1) === 'hello', 'the message after the break', 5000);
    await line.close();
    await eventually(() => network.connections === 0, 'no connection', 5000);
  });

  it('goes away while it still connects', async () => {
    const line = new PgListener(makeClient);
    const up = jest.fn();
    line.listen('channel_d', { heard: () => undefined, up })();
    await sleep(300);
    expect(up).not.toHaveBeenCalled();
    expect(network.connections).toBe(0);
  });
});
