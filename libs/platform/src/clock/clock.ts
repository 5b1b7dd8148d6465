/**
 * The time that rules of the product depend on (expiry, retention, quotas, reminders).
 * Leases alone use the database's clock, rate windows the machine's.
 */
export abstract class Clock {
  /** Milliseconds since the Unix epoch. */
  abstract millis(): number;

  now(): Date {
    return new Date(this.millis());
  }
}

export class SystemClock extends Clock {
  millis(): number {
    return Date.now();
  }
}

/** A clock that tests move; it stands still otherwise. */
export class SettableClock extends Clock {
  constructor(private current: number = Date.now()) {
    super();
  }

  millis(): number {
    return this.current;
  }

  advance(milliseconds: number): void {
    this.current += milliseconds;
  }
}
