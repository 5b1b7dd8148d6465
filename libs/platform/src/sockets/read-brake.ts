/** Frames that are taken from one client within one turn of the event loop. */
const AT_ONCE = 100;
const LOOK_MS = 20;

/** A connection as its brake sees it. */
export interface BrakedLine {
  /** Takes no more frames but those that have arrived with the last piece. */
  pause(): void;
  resume(): void;
  /** Bytes that the client has not taken yet. */
  waiting(): number;
}

/**
 * Reads on from a client only as fast as it takes its answers, and lets others be heard in between. Every frame has
 * an answer, one that is refused too: whoever floods and does not read would fill the memory with them, and need not
 * even have signed in.
 */
export class ReadBrake {
  private frames = 0;
  private held = false;
  private looking = false;
  private ended = false;

  constructor(
    private readonly line: BrakedLine,
    private readonly mostWaiting: number,
  ) {}

  /** To be called for every frame. */
  took(): void {
    if (this.ended) return;
    this.frames += 1;
    if (!this.looking) {
      this.looking = true;
      setImmediate(() => this.look());
    }
    if (this.held || (this.frames < AT_ONCE && this.line.waiting() <= this.mostWaiting)) return;
    this.held = true;
    this.line.pause();
  }

  /** The connection has gone: it is looked at no more. */
  end(): void {
    this.ended = true;
  }

  private look(): void {
    this.looking = false;
    this.frames = 0;
    if (!this.held || this.ended) return;
    if (this.line.waiting() > this.mostWaiting) {
      this.looking = true;
      setTimeout(() => this.look(), LOOK_MS).unref();
      return;
    }
    this.held = false;
    this.line.resume();
  }
}
