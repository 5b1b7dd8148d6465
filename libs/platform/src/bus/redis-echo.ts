/**
 * Proof that what this node says comes back to it: each beat sends a number through Redis to a channel of its
 * own. A connection that stands and carries nothing is told from a quiet one by the number that is missing.
 */
export class RedisEcho {
  private sent = 0;
  private heard = 0;
  /** When the oldest number that has not come back was sent, in milliseconds of this process. */
  private missingSince: number | undefined;

  constructor(private readonly patienceMs: number) {}

  /** The next number to send. */
  next(now: number): string {
    this.sent += 1;
    this.missingSince ??= now;
    return String(this.sent);
  }

  hear(text: string): void {
    this.heard = Math.max(this.heard, Number(text) || 0);
    if (this.heard >= this.sent) this.missingSince = undefined;
  }

  /** The line is new: what was sent over the old one counts for nothing. */
  restart(): void {
    this.heard = this.sent;
    this.missingSince = undefined;
  }

  isMissing(now: number): boolean {
    return this.missingSince !== undefined && now - this.missingSince >= this.patienceMs;
  }
}
