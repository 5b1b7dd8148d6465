const LEAST_MS = 10_000;
const SPREAD_MS = 5000;

/** Asks every ten to fifteen seconds, at random, so that nodes that started together do not ask together. */
export class SafetyPoll {
  private timer: NodeJS.Timeout | undefined;

  /** @param ask must not throw */
  constructor(private readonly ask: () => void) {}

  start(): void {
    this.timer = setTimeout(
      () => {
        this.start();
        this.ask();
      },
      LEAST_MS + Math.random() * SPREAD_MS,
    ).unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
