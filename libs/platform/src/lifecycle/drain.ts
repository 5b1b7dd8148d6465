import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';

/**
 * When in a drain something has its turn, in this order; what shares a phase goes together.
 * - `door`: no new connections, requests and frames;
 * - `sockets`: clients are told to go elsewhere;
 * - `runs`: runs end or are handed over;
 * - `jobs`: running jobs end or are handed back;
 * - `flush`: what was counted and not written yet is written;
 * - `goodbye`: the other nodes are told.
 */
export const DRAIN_PHASES = ['door', 'sockets', 'runs', 'jobs', 'flush', 'goodbye'] as const;

export type DrainPhase = (typeof DRAIN_PHASES)[number];

export interface DrainTurn {
  /** Aborted when the time for ending in peace (`shutdown.drain_seconds`, for all turns together) is over. */
  readonly deadline: AbortSignal;
  /** Milliseconds until then, 0 after it. */
  remainingMs(): number;
}

interface DrainHook {
  readonly name: string;
  readonly phase: DrainPhase;
  readonly work: (turn: DrainTurn) => Promise<void>;
}

/** What a turn gets beyond the deadline for giving up what it could not end. */
const GRACE_MS = 2000;

/** How a node leaves: everything that must happen before the application closes, in order, bounded. */
@Injectable()
export class Drain {
  private readonly logger = new Logger(Drain.name);
  private readonly hooks: DrainHook[] = [];
  private begun = false;
  private done: Promise<void> | undefined;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** True from the first signal on: ready says 503, and what would take long is not begun. */
  get draining(): boolean {
    return this.begun;
  }

  /**
   * Has its turn when this node drains. What it leaves undone at the deadline it gives up; two seconds
   * after the deadline it is not waited for any more. Something thrown is logged.
   */
  onDrain(name: string, phase: DrainPhase, work: (turn: DrainTurn) => Promise<void>): void {
    this.hooks.push({ name, phase, work });
  }

  /** Drains; a second call waits for the first. Never rejects. */
  run(): Promise<void> {
    this.begun = true;
    this.done ??= this.drain();
    return this.done;
  }

  private async drain(): Promise<void> {
    const { drain_seconds: seconds, ready_delay_seconds: readyDelay } = this.config.shutdown;
    this.logger.log(`Leaving: ready says 503, at most ${seconds} s for what runs.`);
    if (readyDelay > 0) await new Promise((resolve) => setTimeout(resolve, readyDelay * 1000));
    const turn = startTurn(seconds * 1000);
    for (const phase of DRAIN_PHASES) {
      const together = this.hooks.filter((hook) => hook.phase === phase);
      await Promise.all(together.map((hook) => this.take(hook, turn)));
    }
  }

  private async take({ name, work }: DrainHook, turn: DrainTurn): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), turn.remainingMs() + GRACE_MS);
    });
    try {
      const outcome = await Promise.race([work(turn), late]);
      if (outcome === 'late') this.logger.warn(`Left without waiting for ${name} any longer.`);
    } catch (error) {
      this.logger.error({ msg: `${name} failed while leaving`, err: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

function startTurn(milliseconds: number): DrainTurn {
  const until = performance.now() + milliseconds;
  return { deadline: AbortSignal.timeout(milliseconds), remainingMs: () => Math.max(0, until - performance.now()) };
}
