import type { MessageRow, RunRow } from '@parley/sessions';

/** What became of a message or regeneration that was handed in. */
export interface Taken {
  readonly runId: string;
  readonly run: RunRow;
  /** Null for a regeneration, and for a replay: it is read anew then. */
  readonly message: MessageRow | null;
  /** The `seq` before the first event of the run. */
  readonly before: number;
  /** An earlier call has begun this run. */
  readonly replayed: boolean;
}

/** Told after the commit and before anyone hears of it: whoever listens from here on misses nothing. */
export type TakenListener = (taken: Taken) => void;
