import type { Actor } from '@parley/auth';
import type { HistoryRow } from '@parley/sessions';
import type { TurnPlan } from '@parley/use-cases';

/** A run that this node has begun and holds the lease of. */
export interface BegunRun {
  readonly actor: Actor;
  readonly sessionId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly messageId: string;
  readonly messageSeq: number;
  readonly content: string;
  readonly plan: TurnPlan;
  /** What it is shown of the turns before, where the flight that began it has brought it along. */
  readonly history?: readonly HistoryRow[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly correlationId: string | null;
  readonly startedAt: Date;
  /** A new answer to a message that was answered before: older siblings give way when it is whole. */
  readonly regenerates: boolean;
  /** The session has no title yet. */
  readonly untitled: boolean;
}
