/** PostgreSQL takes payloads of less than 8000 bytes. */
const MOST_BYTES = 7900;
/** Channels that may wait; beyond it the oldest is forgotten, and its readers find out by their poll. */
const MOST_CHANNELS = 20_000;

/** Wakes that wait for the next NOTIFY: per channel the greatest number, oldest channel first. */
export class WakeBatch {
  private readonly numbers = new Map<string, number>();

  get isEmpty(): boolean {
    return this.numbers.size === 0;
  }

  add(channel: string, wake: number): void {
    const known = this.numbers.get(channel);
    this.numbers.set(channel, known === undefined ? wake : Math.max(known, wake));
    if (this.numbers.size > MOST_CHANNELS) this.forgetOldest();
  }

  clear(): void {
    this.numbers.clear();
  }

  /** Takes what fits into one payload, `{"n":node,"w":{channel:number,…}}`; the rest stays. */
  take(node: string): string {
    const head = `{"n":${JSON.stringify(node)},"w":{`;
    let length = head.length + 2;
    const entries: string[] = [];
    for (const [channel, wake] of this.numbers) {
      const entry = `${JSON.stringify(channel)}:${wake}`;
      const bytes = Buffer.byteLength(entry) + 1;
      if (length + bytes > MOST_BYTES && entries.length > 0) break;
      this.numbers.delete(channel);
      if (length + bytes > MOST_BYTES) continue; // a name longer than a payload: nobody can be told
      length += bytes;
      entries.push(entry);
    }
    return `${head}${entries.join(',')}}}`;
  }

  private forgetOldest(): void {
    const oldest = this.numbers.keys().next();
    if (oldest.done !== true) this.numbers.delete(oldest.value);
  }
}
