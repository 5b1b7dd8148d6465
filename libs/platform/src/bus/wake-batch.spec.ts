import { WakeBatch } from './wake-batch.js';

describe('WakeBatch', () => {
  it('fills payloads below the limit of PostgreSQL and leaves the rest for the next', () => {
    const batch = new WakeBatch();
    for (let i = 0; i < 1000; i += 1) batch.add(`session:ses_ü"${i}`, i);
    const seen: Record<string, number> = {};
    let payloads = 0;
    while (!batch.isEmpty) {
      const payload = batch.take('nod_1');
      expect(Buffer.byteLength(payload)).toBeLessThan(8000);
      Object.assign(seen, JSON.parse(payload).w);
      payloads += 1;
    }
    expect(Object.keys(seen)).toHaveLength(1000);
    expect(seen['session:ses_ü"999']).toBe(999);
    expect(payloads).toBeLessThan(6);
  });

  it('keeps the greatest number of a channel', () => {
    const batch = new WakeBatch();
    for (const wake of [3, 9, 4]) batch.add('s', wake);
    expect(batch.take('n')).toBe('{"n":"n","w":{"s":9}}');
    expect(batch.isEmpty).toBe(true);
  });

  it('is bounded: the oldest channels are forgotten', () => {
    const batch = new WakeBatch();
    for (let i = 0; i < 20_001; i += 1) batch.add(`s${i}`, i);
    expect(batch.take('n')).toMatch(/^\{"n":"n","w":\{"s1":1,/);
  });

  it('drops a channel whose name alone is too long, and goes on', () => {
    const batch = new WakeBatch();
    batch.add('x'.repeat(9000), 1);
    batch.add('s', 2);
    expect(batch.take('n')).toBe('{"n":"n","w":{"s":2}}');
  });
});
