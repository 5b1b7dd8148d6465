import { BoundedWindows } from './bounded-windows.js';
import { MemoryLimiter } from './memory-limiter.js';

describe('windows in bounded memory', () => {
  it('count a key until its window ends, then anew', () => {
    const windows = new BoundedWindows(1000, 10);
    expect(windows.add('a', 1, 0)).toEqual({ count: 1, endsAt: 1000, isNew: true });
    expect(windows.add('a', 1, 999)).toEqual({ count: 2, endsAt: 1000, isNew: false });
    expect(windows.add('a', 1, 1000)).toEqual({ count: 1, endsAt: 2000, isNew: true });
    expect(windows.add('a', -3, 1001).count).toBe(0);
  });

  it('hold no more keys than there are places, and forget those whose window is over', () => {
    const windows = new BoundedWindows(1000, 10);
    for (let n = 0; n < 1000; n += 1) windows.add(`k${n}`, 1, 0);
    expect(windows.size).toBe(10);
    windows.add('later', 1, 1000);
    expect(windows.size).toBe(1);
  });

  it('let a flood of fresh keys drive out fresh keys, never one that was counted more', () => {
    const windows = new BoundedWindows(1000, 100);
    for (let n = 0; n < 5; n += 1) windows.add('attacker', 1, n);
    for (let n = 0; n < 50_000; n += 1) windows.add(`fresh${n}`, 1, 10);
    expect(windows.add('attacker', 1, 20).count).toBe(6);
  });

  it('give a place up only where all others were counted at least as often', () => {
    const windows = new BoundedWindows(1000, 3);
    for (const key of ['attacker', 'b', 'c']) for (let n = 0; n < 2; n += 1) windows.add(key, 1, 0);
    // What a reset costs: every other place brought above one's own count.
    for (const key of ['b', 'c']) windows.add(key, 1, 1);
    windows.add('d', 1, 1);
    expect(windows.add('attacker', 1, 2).isNew).toBe(true);
  });

  it('stay small under a flood of addresses', async () => {
    const limiter = new MemoryLimiter({ name: 'anonymous', limit: 60, perSeconds: 60 }, 10_000);
    for (let n = 0; n < 61; n += 1) await limiter.consume('attacker').catch(() => undefined);
    for (let n = 0; n < 200_000; n += 1) await limiter.consume(`2001:db8:${n}::/64`);
    expect(limiter.size).toBe(10_000);
    await expect(limiter.consume('attacker')).rejects.toMatchObject({ remainingPoints: 0, consumedPoints: 62 });
  });
});
