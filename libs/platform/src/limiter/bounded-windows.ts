/** How often one key was counted in its window, and when that ends (milliseconds since the epoch). */
export interface Window {
  readonly count: number;
  readonly endsAt: number;
  readonly isNew: boolean;
}

interface Entry {
  count: number;
  readonly endsAt: number;
}

/**
 * Fixed windows of many keys in bounded memory. When there is no place left, the key that was counted least
 * goes, of several the one whose window began first. So whoever floods with fresh keys drives out fresh keys:
 * to be rid of a count of its own, a caller would have to bring all other places above it within the same
 * window, which costs as many calls as there are places times that count.
 */
export class BoundedWindows {
  /** All windows are equally long: in the order in which they began they end too. */
  private readonly entries = new Map<string, Entry>();
  private readonly byCount = new Map<number, Set<string>>();

  constructor(
    private readonly windowMs: number,
    private readonly places: number,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  /** Adds to a key's count (subtracts, where `by` is negative). */
  add(key: string, by: number, now: number): Window {
    this.forgetEnded(now);
    const known = this.entries.get(key);
    if (known === undefined && this.entries.size >= this.places) this.forgetLeast();
    const entry = known ?? { count: 0, endsAt: now + this.windowMs };
    if (known === undefined) this.entries.set(key, entry);
    else this.leave(key, entry.count);
    entry.count = Math.max(0, entry.count + by);
    this.join(key, entry.count);
    return { count: entry.count, endsAt: entry.endsAt, isNew: known === undefined };
  }

  private forgetEnded(now: number): void {
    for (const [key, entry] of this.entries) {
      if (entry.endsAt > now) return;
      this.forget(key, entry);
    }
  }

  private forgetLeast(): void {
    const least = Math.min(...this.byCount.keys());
    const [key] = this.byCount.get(least) ?? [];
    const entry = key === undefined ? undefined : this.entries.get(key);
    if (key !== undefined && entry !== undefined) this.forget(key, entry);
  }

  private forget(key: string, entry: Entry): void {
    this.entries.delete(key);
    this.leave(key, entry.count);
  }

  private join(key: string, count: number): void {
    const keys = this.byCount.get(count);
    if (keys === undefined) this.byCount.set(count, new Set([key]));
    else keys.add(key);
  }

  private leave(key: string, count: number): void {
    const keys = this.byCount.get(count);
    if (keys?.delete(key) === true && keys.size === 0) this.byCount.delete(count);
  }
}
