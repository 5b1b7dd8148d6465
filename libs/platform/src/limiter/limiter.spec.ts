import { setTimeout as sleep } from 'node:timers/promises';
import { LIMIT_CLASSES } from '../config/index.js';
import { openLimiter, tally } from './limiter.factory.js';

it('lets as many through as the class says, and tells the next one everything', async () => {
  const { limiter, metrics } = await openLimiter();
  const { passed, refusals } = await tally(62, () => limiter.consume('messages.send', 'usr_a'));
  expect(passed).toBe(60);
  const [refusal] = refusals;
  expect(refusal?.code).toBe('RATE_LIMITED');
  expect(refusal?.facts.members).toEqual({ policy: 'messages.send', limit: 60, window: 60 });
  expect(refusal?.facts.retryAfter).toBeGreaterThan(55);
  expect(refusal?.facts.headers).toEqual({
    RateLimit: expect.stringMatching(/^"messages\.send";r=0;t=(59|60)$/),
    'RateLimit-Policy': '"messages.send";q=60;w=60',
  });
  expect((await limiter.consume('messages.send', 'usr_b'))?.remaining).toBe(59);
  expect((await metrics.expose()).text).toContain(
    'parley_rate_limit_rejections_total{class="messages.send",key="principal"} 2',
  );
});

it('opens again with the next window', async () => {
  const { limiter } = await openLimiter({ config: { limits: { classes: { search: { limit: 2, per_seconds: 1 } } } } });
  expect((await tally(3, () => limiter.consume('search', 'a'))).passed).toBe(2);
  await sleep(1050);
  expect((await tally(3, () => limiter.consume('search', 'a'))).passed).toBe(2);
});

it('lets a bucket burst, then holds it to its rate', async () => {
  const { limiter } = await openLimiter();
  expect((await tally(60, () => limiter.consume('socket.frame', 'line'))).passed).toBe(40);
  await sleep(1050);
  // The reserve is used up for ten seconds: what is left is the even rate.
  expect((await tally(60, () => limiter.consume('socket.frame', 'line'))).passed).toBe(20);
});

it('counts IPv6 neighbours together and IPv4 ones apart', async () => {
  const { limiter } = await openLimiter({ config: { limits: { classes: { docs: { limit: 1, per_seconds: 60 } } } } });
  await limiter.consume('docs', '2001:db8::1');
  await expect(limiter.consume('docs', '2001:db8::ffff')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  await expect(limiter.consume('docs', '2001:db8:0:1::1')).resolves.toBeDefined();
  await limiter.consume('docs', '192.0.2.1');
  await expect(limiter.consume('docs', '192.0.2.2')).resolves.toBeDefined();
  const unknown = (address: number) => limiter.consume('auth.refresh', { login: `2001:db8::${address}` });
  let next = 0;
  expect((await tally(40, () => unknown(++next))).passed).toBe(30);
});

it('takes back what one rule counted when the next one refuses', async () => {
  const { limiter } = await openLimiter();
  const send = (recipient: string) => limiter.consume('auth.mail', { recipient, address: '192.0.2.1' });
  expect((await tally(5, () => send('a@example.org'))).passed).toBe(3);
  expect((await tally(5, () => send('b@example.org'))).passed).toBe(3);
  expect((await tally(5, () => send('c@example.org'))).passed).toBe(3);
  // One of ten is left for the address; it is not used up by refusals of the recipient.
  expect((await tally(3, () => send('a@example.org'))).passed).toBe(0);
  expect((await tally(3, () => send('d@example.org'))).passed).toBe(1);
  expect((await tally(1, () => limiter.consume('auth.mail', { recipient: 'd@example.org' }))).passed).toBe(1);
});

it('passes over rules that it has no key for', async () => {
  const { limiter } = await openLimiter();
  expect(await limiter.consume('auth.refresh', {})).toBeUndefined();
});

it('multiplies, overrides, and switches off', async () => {
  const doubled = await openLimiter({
    config: { limits: { multiplier: 2, classes: { export: { limit: 3, per_seconds: 9 } } } },
  });
  expect((await doubled.limiter.consume('search', 'a'))?.limit).toBe(120);
  expect(await doubled.limiter.consume('export', 'a')).toMatchObject({ limit: 6, windowSeconds: 9 });
  const off = await openLimiter({ config: { limits: { enabled: false } } });
  expect(await off.limiter.consume('search', 'a')).toBeUndefined();
  const test = await openLimiter({
    config: { env: 'test', limits: { classes: { export: { limit: 1, per_seconds: 9 } } } },
  });
  expect(await test.limiter.consume('search', 'a')).toBeUndefined();
  expect((await tally(2, () => test.limiter.consume('export', 'a'))).passed).toBe(1);
});

it('divides by the nodes that live, as they come and go', async () => {
  const nodes = { serving: 3 };
  const { limiter } = await openLimiter({ nodes });
  expect((await tally(40, () => limiter.consume('messages.send', 'a'))).passed).toBe(20);
  nodes.serving = 2;
  // The ten that more belong to this node now; those forty calls count, refused ones too, until the window ends.
  expect((await tally(40, () => limiter.consume('messages.send', 'b'))).passed).toBe(30);
});

it('has limits that a caller can live with', () => {
  for (const rules of Object.values(LIMIT_CLASSES)) {
    for (const rule of rules) {
      expect(rule.limit).toBeGreaterThan(0);
      if ('burst' in rule) expect(rule.limit / rule.perSeconds).toBeGreaterThanOrEqual(1);
    }
  }
});
