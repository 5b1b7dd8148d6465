/** A generator of its own for each suite: the same seed gives the same course. */
export class Random {
  constructor(private state: number) {}

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number, both bounds included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** A generator of its own for something that goes on beside others, so that their pace changes nothing for it. */
  fork(): Random {
    return new Random(this.between(0, 2 ** 31));
  }

  pick<T>(of: readonly T[]): T {
    const chosen = of[this.between(0, of.length - 1)];
    if (chosen === undefined) throw new Error('nothing to pick from');
    return chosen;
  }
}

/** `PARLEY_TEST_SEED`, to run a course again, or a new one. */
export function suiteSeed(): number {
  const given = process.env['PARLEY_TEST_SEED'];
  return given === undefined ? Date.now() % 1_000_000_000 : Number(given);
}

/** Whether the full counts are asked for (`npm run test:deep`). */
export const isDeep = process.env['PARLEY_TEST_DEEP'] === '1';
