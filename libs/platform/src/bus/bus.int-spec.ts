import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { describeOnRedis, eventually, openTestDatabase, openTestRedis, type TestRedis } from '@parley/platform/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Bus, BusMessage, BusOrigin } from './bus.js';
import { NotifyBus } from './notify-bus.js';
import { PgListener } from './pg-listener.js';
import { ProcessBus } from './process-bus.js';
import { RedisBus } from './redis-bus.js';

/** Two nodes on one line that can be cut for both. */
interface Arrangement {
  readonly a: Bus;
  readonly b: Bus;
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

function redisBus(redis: TestRedis, nodeId: string, patienceMs = 5000): RedisBus {
  return new RedisBus({ url: redis.url, prefix: 'test:', nodeId, patienceMs });
}

async function redisNodes(): Promise<Arrangement> {
  const redis = await openTestRedis();
  const nodes = ['nod_A', 'nod_B'].map((nodeId) => redisBus(redis, nodeId));
  const [a, b] = nodes;
  if (a === undefined || b === undefined) throw new Error('two nodes');
  for (const node of nodes) await node.open();
  return {
    a,
    b,
    cut: () => redis.kill(),
    mend: () => redis.restart(),
    close: async () => {
      for (const node of nodes) await node.close();
      await redis.kill();
    },
  };
}

async function notifyNodes(): Promise<Arrangement> {
  const { appUrl, pool, close } = await openTestDatabase({ migrated: false });
  let away = false;
  const makeClient = () =>
    new pg.Client({
      connectionString: away ? 'postgresql://nobody@127.0.0.1:1/none' : appUrl,
      application_name: 'bus test',
    });
  const lines = [new PgListener(makeClient), new PgListener(makeClient)];
  const nodes = lines.map((line, i) => new NotifyBus(line, { nodeId: `nod_${i}`, ownsDatabase: false }));
  const [a, b] = nodes;
  if (a === undefined || b === undefined) throw new Error('two nodes');
  for (const node of nodes) node.open();
  return {
    a,
    b,
    cut: async () => {
      away = true;
      await pool.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bus test' and datname = current_database()",
      );
    },
    mend: async () => {
      away = false;
    },
    close: async () => {
      for (const node of nodes) await node.close();
      for (const line of lines) await line.close();
      await close();
    },
  };
}

function hearing(bus: Bus, channel: string) {
  const heard: [BusMessage, BusOrigin][] = [];
  const subscription = bus.subscribe(channel, (message, origin) => heard.push([message, origin]));
  return { heard, subscription };
}

interface OneNode {
  readonly bus: Bus;
  close(): Promise<void>;
}

async function firstOf(nodes: Promise<Arrangement>): Promise<OneNode> {
  const { a, close } = await nodes;
  return { bus: a, close };
}

// Losses are provoked here on purpose, and each is a warning.
beforeAll(() => Logger.overrideLogger(false));

const withinProcess = (name: string, open: () => Promise<OneNode>) => () => {
  let bus: Bus;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ bus, close } = await open());
  });
  afterAll(() => close());

  it('says its mode', () => expect(bus.mode).toBe(name));

  it('delivers before publish returns, once, by reference, with every member', async () => {
    const { heard, subscription } = hearing(bus, 'session:1');
    await subscription.ready;
    const local = { any: () => 'thing' };
    bus.publish('session:1', { wake: 3, body: { text: 'hi' }, local });
    expect(heard).toEqual([[{ wake: 3, body: { text: 'hi' }, local }, 'local']]);
    expect(heard[0]?.[0].local).toBe(local);
    await sleep(100);
    expect(heard).toHaveLength(1);
    subscription.close();
  });

  it('keeps channels apart and stops at close, however often closed', () => {
    const one = hearing(bus, 'session:2');
    const other = hearing(bus, 'session:3');
    one.subscription.close();
    one.subscription.close();
    bus.publish('session:2', { wake: 1 });
    bus.publish('session:3', { wake: 2 });
    expect(one.heard).toEqual([]);
    expect(other.heard).toHaveLength(1);
    other.subscription.close();
  });

  it('takes the same function twice as two subscriptions', () => {
    const listener = jest.fn();
    const first = bus.subscribe('session:4', listener);
    const second = bus.subscribe('session:4', listener);
    bus.publish('session:4', { wake: 1 });
    first.close();
    bus.publish('session:4', { wake: 2 });
    expect(listener).toHaveBeenCalledTimes(3);
    second.close();
  });

  it('lets a listener throw, subscribe and close while it is called', () => {
    const late = jest.fn();
    const closed = jest.fn();
    const throwing = bus.subscribe('session:5', () => {
      toClose.close();
      subscriptions.push(bus.subscribe('session:5', late));
      throw new Error('a listener fails');
    });
    const toClose = bus.subscribe('session:5', closed);
    const { heard, subscription } = hearing(bus, 'session:5');
    const subscriptions = [throwing, subscription];
    expect(() => bus.publish('session:5', { wake: 9 })).not.toThrow();
    expect(heard).toEqual([[{ wake: 9 }, 'local']]);
    expect(closed).not.toHaveBeenCalled();
    expect(late).not.toHaveBeenCalled();
    for (const { close: end } of subscriptions) end();
  });
};

const betweenNodes = (open: () => Promise<Arrangement>, carriesBodies: boolean) => () => {
  let nodes: Arrangement;
  beforeEach(async () => {
    nodes = await open();
  });
  afterEach(() => nodes.close());

  it('carries wakes to the other node, and says so', async () => {
    const here = hearing(nodes.a, 'session:1');
    const there = hearing(nodes.b, 'session:1');
    await there.subscription.ready;
    await here.subscription.ready;
    nodes.a.publish('session:1', { wake: 7, local: { never: 'leaves' } });
    await eventually(() => there.heard.length === 1, 'the wake', 8000);
    expect(there.heard).toEqual([[{ wake: 7 }, 'remote']]);
    await sleep(100);
    expect(here.heard).toHaveLength(1);
    expect(there.heard).toHaveLength(1);
  });

  it(carriesBodies ? 'carries bodies whole and in order' : 'keeps bodies at home', async () => {
    const there = hearing(nodes.b, 'session:1');
    await there.subscription.ready;
    await hearing(nodes.a, 'session:0').subscription.ready;
    for (let offset = 0; offset < 100; offset += 1)
      nodes.a.publish('session:1', { body: { offset, text: 'ß\u0000😀"' } });
    nodes.a.publish('session:1', { wake: 100 });
    await eventually(() => there.heard.some(([{ wake }]) => wake === 100), 'the last message', 8000);
    const bodies = there.heard.flatMap(([{ body }]) => (body === undefined ? [] : [body]));
    expect(bodies).toEqual(
      carriesBodies ? Array.from({ length: 100 }, (_, offset) => ({ offset, text: 'ß\u0000😀"' })) : [],
    );
  });

  it('brings the last number of every one of 2000 channels', async () => {
    const last = new Map<string, number>();
    const subscriptions = Array.from({ length: 2000 }, (_, i) =>
      nodes.b.subscribe(`session:ses_01JF0000000000000000000${i}`, ({ wake }) => {
        last.set(String(i), wake ?? -1);
      }),
    );
    await Promise.all(subscriptions.map(({ ready }) => ready));
    await hearing(nodes.a, 'session:0').subscription.ready;
    for (let wake = 1; wake <= 5; wake += 1)
      for (let i = 0; i < 2000; i += 1) nodes.a.publish(`session:ses_01JF0000000000000000000${i}`, { wake });
    await eventually(() => last.size === 2000 && [...last.values()].every((wake) => wake === 5), 'all channels', 8000);
    expect(new Set(last.values())).toEqual(new Set([5]));
  });

  it('hears nothing of a channel that it left, and again after it came back', async () => {
    const first = hearing(nodes.b, 'session:1');
    await first.subscription.ready;
    await hearing(nodes.a, 'session:1').subscription.ready;
    first.subscription.close();
    const second = hearing(nodes.b, 'session:1');
    await second.subscription.ready;
    nodes.a.publish('session:1', { wake: 2 });
    await eventually(() => second.heard.length === 1, 'the wake', 8000);
    expect(first.heard).toEqual([]);
  });

  it('survives the loss of the line: drops, doubts, comes back, and hears again', async () => {
    const there = hearing(nodes.b, 'session:1');
    await there.subscription.ready;
    await hearing(nodes.a, 'session:0').subscription.ready;
    await eventually(() => nodes.a.state().healthy && nodes.b.state().healthy, 'both healthy', 8000);
    const doubts = { a: 0, b: 0 };
    nodes.a.onDoubt(() => {
      doubts.a += 1;
    });
    const endDoubt = nodes.b.onDoubt(() => {
      doubts.b += 1;
      throw new Error('a doubter fails');
    });

    await nodes.cut();
    await eventually(() => !nodes.a.state().healthy && !nodes.b.state().healthy, 'both noticed', 8000);
    expect(nodes.a.state().reason).toMatch(/away/);
    expect(nodes.a.state().reason).not.toMatch(/127|localhost|:\d/);
    await eventually(() => doubts.a >= 1 && doubts.b >= 1, 'doubt at the loss', 8000);
    for (let wake = 0; wake < 50_000; wake += 1) nodes.a.publish('session:1', { wake, body: 'lost' });
    const whileAway = hearing(nodes.b, 'session:away');
    const lost = { ...doubts };
    await sleep(300);
    expect(doubts).toEqual(lost);

    await nodes.mend();
    await whileAway.subscription.ready;
    await there.subscription.ready;
    await eventually(() => nodes.a.state().healthy && nodes.b.state().healthy, 'both back', 8000);
    await eventually(() => doubts.a > lost.a && doubts.b > lost.b, 'doubt at the return', 8000);
    endDoubt();
    nodes.a.publish('session:1', { wake: 99_999 });
    nodes.a.publish('session:away', { wake: 1 });
    await eventually(() => whileAway.heard.length === 1, 'the channel joined meanwhile', 8000);
    await eventually(() => there.heard.at(-1)?.[0].wake === 99_999, 'the old channel', 8000);
    expect(there.heard).toEqual([[{ wake: 99_999 }, 'remote']]);
  });
};

describe(
  'ProcessBus within its process',
  withinProcess('process', async () => ({ bus: new ProcessBus(), close: async () => undefined })),
);
describe(
  'NotifyBus within its process',
  withinProcess('notify', () => firstOf(notifyNodes())),
);
describeOnRedis(
  'RedisBus within its process',
  withinProcess('redis', () => firstOf(redisNodes())),
);
describe('NotifyBus between nodes', betweenNodes(notifyNodes, false));
describeOnRedis('RedisBus between nodes', betweenNodes(redisNodes, true));

describeOnRedis('RedisBus when Redis hangs', () => {
  it('notices, keeps little, and comes back', async () => {
    const redis = await openTestRedis();
    const bus = redisBus(redis, 'nod_A', 300);
    await bus.open();
    await eventually(() => bus.state().healthy, 'connected', 8000);
    const doubts = jest.fn();
    bus.onDoubt(doubts);
    redis.freeze();
    const before = process.memoryUsage().heapUsed;
    const text = 'x'.repeat(10_000);
    for (let i = 0; i < 20_000; i += 1) bus.publish('session:1', { body: text });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60e6);
    await eventually(() => !bus.state().healthy, 'noticed', 8000);
    await eventually(() => doubts.mock.calls.length > 0, 'doubt', 8000);
    redis.thaw();
    await eventually(() => bus.state().healthy, 'back', 8000);
    await bus.close();
    await redis.kill();
  });

  it('speaks again after a line that broke with words on their way', async () => {
    const redis = await openTestRedis();
    const [a, b] = [redisBus(redis, 'nod_A'), redisBus(redis, 'nod_B')];
    await a.open();
    await b.open();
    const heard: unknown[] = [];
    await b.subscribe('x', ({ body }) => heard.push(body)).ready;
    await eventually(() => a.state().healthy, 'connected', 8000);
    redis.freeze();
    a.publish('x', { body: 'lost' });
    await sleep(50);
    await redis.kill();
    await eventually(() => !a.state().healthy && !b.state().healthy, 'noticed', 8000);
    await redis.restart();
    await eventually(() => a.state().healthy && b.state().healthy, 'back', 8000);
    await eventually(
      () => {
        a.publish('x', { body: 'after' });
        return heard.includes('after');
      },
      'heard',
      8000,
    );
    expect(heard.at(-1)).toBe('after');
    for (const bus of [a, b]) await bus.close();
    await redis.kill();
  });

  it('makes nodes look for themselves when another one could not speak', async () => {
    const redis = await openTestRedis();
    const [a, b] = [redisBus(redis, 'nod_A'), redisBus(redis, 'nod_B')];
    await a.open();
    await b.open();
    await a.subscribe('x', () => undefined).ready;
    await b.subscribe('x', () => undefined).ready;
    await eventually(() => a.state().healthy && b.state().healthy, 'connected', 8000);
    const doubts = jest.fn();
    b.onDoubt(doubts);
    const admin = new Redis(redis.url);
    // Of node A only the connection that speaks breaks: B's own lines stay whole.
    const clients = String(await admin.client('LIST'));
    const speaker = clients.split('\n').find((line) => line.includes('name=nod_A-speaks'));
    await admin.client('KILL', 'ID', /id=(\d+)/.exec(speaker ?? '')?.[1] ?? '');
    await eventually(() => doubts.mock.calls.length > 0, 'doubt of the other node', 8000);
    expect(b.state()).toEqual({ healthy: true });
    admin.disconnect();
    await a.close();
    await b.close();
    await redis.kill();
  });
});
