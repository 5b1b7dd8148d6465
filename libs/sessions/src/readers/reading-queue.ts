/**
 * The readers of one connection ask the log one after the other. What one of them has fetched has been handed to the
 * connection before the next one looks whether there is room: all together fetch no more than one reader would.
 */
export class ReadingQueue {
  private last: Promise<unknown> = Promise.resolve();

  /** Resolves, or rejects, with the work, which begins when all that came before has ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const place = this.last.then(work);
    // Its own caller hears of a failure; whoever comes next only waits.
    this.last = place.catch(() => undefined);
    return place;
  }
}
