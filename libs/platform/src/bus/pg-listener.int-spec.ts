import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { eventually, openTestDatabase, SilentNetwork, type TestDatabase } from '@parley/platform/testing';
import pg from 'pg';
import { PgListener } from './pg-listener.js';

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
