import { setTimeout as sleep, setImmediate as turnOfTheLoop } from 'node:timers/promises';
import {
  describeOnRedis,
  openTestDatabase,
  openTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../testing/index.js';
import { openLimiter, type TestLimiter, tally } from './limiter.factory.js';
import { LimiterStorage } from './limiter.storage.js';

let store: TestDatabase;

beforeAll(async () => {
  store = await openTestDatabase();
});

afterAll(async () => {
  await store.close();
});

describe('limits of sign-in', () => {
  it('are counted in the database for all nodes together, exactly, under a flood', async () => {
    const nodes = await Promise.all([0, 1].map(() => openLimiter({ database: store.database })));
    const tallies = await Promise.all(
      nodes.flatMap(({ limiter }) =>
        Array.from({ length: 10 }, () => tally(10, () => limiter.consume('auth.login', '192.0.2.50'))),
      ),
    );
    expect(tallies.reduce((sum, { passed }) => sum + passed, 0)).toBe(5);
  });

  it('take back what one rule counted when the next one refuses, on every node', async () => {
    const [here, there] = [
      await openLimiter({ database: store.database }),
      await openLimiter({ database: store.database }),
    ];
    const send = ({ limiter }: TestLimiter, recipient: string) =>
      limiter.consume('auth.mail', { recipient, address: '192.0.2.80' });
    for (const name of ['a', 'b', 'c'])
      expect((await tally(5, () => send(here, `${name}@example.org`))).passed).toBe(3);
    expect((await tally(3, () => send(there, 'a@example.org'))).passed).toBe(0);
    expect((await tally(3, () => send(here, 'd@example.org'))).passed).toBe(1);
    const left = await there.limiter.consume('auth.mail', { recipient: 'd@example.org' });
    expect(left?.remaining).toBe(1);
  });

  it('write no recipient down', async () => {
    const { limiter } = await openLimiter({ database: store.database });
    await limiter.consume('auth.mail', { recipient: 'somebody@example.org', address: '192.0.2.60' });
    const { rows } = await store.pool.query<{ key: string }>('select key from rate_limits');
    expect(rows.some(({ key }) => key.startsWith('auth.mail:recipient'))).toBe(true);
    expect(rows.some(({ key }) => key.includes('somebody'))).toBe(false);
  });

  it('are never open: without the database nobody passes', async () => {
    const gone = await openTestDatabase();
    const { limiter } = await openLimiter({ database: gone.database });
    await gone.close();
    const refused = { code: 'DATABASE_UNAVAILABLE' };
    await expect(limiter.consume('auth.login', '192.0.2.70')).rejects.toMatchObject(refused);
    const storage = new LimiterStorage(limiter);
    await expect(storage.increment('192.0.2.70', 60_000, 5, 0, 'auth.login')).rejects.toMatchObject(refused);
  });
});

describeOnRedis('limits in Redis', () => {
  let redis: TestRedis;
  let first: TestLimiter;
  let second: TestLimiter;

  const eventually = async ({ stores }: TestLimiter, degraded: boolean) => {
    for (let waited = 0; stores.degraded() !== degraded && waited < 5000; waited += 20) await sleep(20);
    expect(stores.degraded()).toBe(degraded);
  };
  const ready = (node: TestLimiter) => eventually(node, false);

  beforeAll(async () => {
    redis = await openTestRedis();
    const nodes = { serving: 2 };
    const config = { redis: { url: redis.url } };
    first = await openLimiter({ config, nodes });
    second = await openLimiter({ config, nodes });
    await Promise.all([ready(first), ready(second)]);
  });

  afterAll(async () => {
    first.stores.onApplicationShutdown();
    second.stores.onApplicationShutdown();
    await redis.close();
  });

  const both = async (key: string) => {
    const tallies = await Promise.all(
      [first, second].map(({ limiter }) => tally(80, () => limiter.consume('messages.send', key))),
    );
    return tallies.map(({ passed }) => passed);
  };

  it('are shared by all nodes', async () => {
    const [a = 0, b = 0] = await both('usr_shared');
    expect(a + b).toBe(60);
  });

  it('count by an answer that had come while this process was busy with something else', async () => {
    await tally(60, () => first.limiter.consume('messages.send', 'usr_busy'));
    redis.freeze();
    const refused = expect(first.limiter.consume('messages.send', 'usr_busy')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    await turnOfTheLoop();
    redis.thaw();
    for (const until = performance.now() + 400; performance.now() < until; );
    await refused;
  });

  it('take back what one rule counted when the next one refuses', async () => {
    const send = (recipient: string) => first.limiter.consume('auth.mail', { recipient, address: '192.0.2.80' });
    for (const name of ['a', 'b', 'c']) expect((await tally(5, () => send(`${name}@example.org`))).passed).toBe(3);
    expect((await tally(3, () => send('a@example.org'))).passed).toBe(0);
    expect((await tally(3, () => send('d@example.org'))).passed).toBe(1);
    expect((await tally(1, () => second.limiter.consume('auth.mail', { recipient: 'd@example.org' }))).passed).toBe(1);
  });

  it('are divided while Redis is away or hangs, said so, and shared again when it is back', async () => {
    redis.freeze();
    const hanging = await first.limiter.consume('messages.send', 'usr_hang');
    expect(hanging?.remaining).toBe(29);
    await eventually(first, true);
    redis.thaw();
    await redis.kill();
    expect(await both('usr_away')).toEqual([30, 30]);
    expect(first.limiter.degraded()).toBe(true);
    expect((await first.metrics.expose()).text).toContain('parley_rate_limit_store_degraded 1');
    await redis.restart();
    await Promise.all([ready(first), ready(second)]);
    const [a = 0, b = 0] = await both('usr_back');
    expect(a + b).toBe(60);
    expect((await first.metrics.expose()).text).toContain('parley_rate_limit_store_degraded 0');
  });
});
