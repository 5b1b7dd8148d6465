import type { Executor } from '@parley/platform/database';
import type { NewEvent } from '../log/log-events.js';
import type { HistoryRow } from './history.repository.js';

/** What decides how a run is executed, frozen when it begins. */
export interface FrozenPlan {
  readonly version: number;
  readonly settings: unknown;
  readonly adjusted: readonly unknown[];
  /** The component that answers: its `component.started` rides in the same transaction. Null: none will. */
  readonly answers: string | null;
}

/** The key under which a caller may repeat this very call until it expires. */
export interface IdempotentCall {
  readonly key: string;
  /** SHA-256 of what was asked: kind of call, session, body. */
  readonly fingerprint: Buffer;
  readonly expiresAt: Date;
}

/** Where and under which bounds a run may begin. */
export interface Admission {
  readonly nodeId: string;
  readonly leaseSeconds: number;
  /** False where this node is full or leaving: the run is queued for another one. */
  readonly nodeHasRoom: boolean;
  readonly onBusy: 'queue' | 'reject';
  readonly maxQueued: number;
  /** Runs of one principal that may be running; null: no bound. */
  readonly maxRunning: number | null;
}

/** What a message and a regeneration have in common: the run that they ask for. */
interface AskedRun {
  readonly sessionId: string;
  readonly runId: string;
  /** The user message that is answered. */
  readonly messageId: string;
  readonly useCase: string;
  readonly content: string;
  /** The session has no title yet. */
  readonly untitled: boolean;
  readonly context: Readonly<Record<string, unknown>>;
  readonly plan: FrozenPlan;
  /** How many earlier messages the run is shown. */
  readonly historyLimit: number;
  readonly correlationId: string | null;
  readonly idempotency: IdempotentCall | null;
  readonly at: Date;
}

export interface NewTurn extends AskedRun {
  readonly parts: readonly unknown[] | null;
  readonly attachments: readonly unknown[] | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly clientMessageId: string | null;
  readonly authorName: string | null;
}

export interface NewRegeneration extends AskedRun {
  readonly messageSeq: number;
}

/** What became of an accepted message or regeneration. */
export interface Accepted {
  readonly begun: boolean;
  /** `seq` of the last event that was appended. */
  readonly lastSeq: number;
  /** The parent of the new message; null for a regeneration and a first message. */
  readonly parentId: string | null;
  /** What the run is shown of the turns before its own, in turn order; empty where it has not begun. */
  readonly history: readonly HistoryRow[];
}

/** An answer as a run leaves it. */
export interface NewAnswer {
  readonly id: string;
  readonly authorId: string;
  readonly authorName: string | null;
  readonly content: string;
  readonly status: 'complete' | 'partial';
  readonly superseded: boolean;
  readonly finishReason: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** One model call for the ledger of usage. */
export interface LedgerEntry {
  readonly purpose: string;
  readonly provider: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number | null;
  readonly estimated: boolean;
}

/** Who may end a run: the holder of this lease; `lapsed` demands that its time is over. */
export interface Fence {
  readonly nodeId: string;
  readonly attempt: number;
  readonly lapsed: boolean;
}

export interface RunEnd {
  readonly sessionId: string;
  readonly runId: string;
  readonly messageId: string;
  readonly messageSeq: number;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly error: Readonly<Record<string, unknown>> | null;
  readonly usage: unknown;
  readonly componentResults: Readonly<Record<string, unknown>> | null;
  readonly answers: readonly NewAnswer[];
  /** In the order of the log; an event of type `message.created` names one of `answers`. */
  readonly events: readonly NewEvent[];
  readonly calls: readonly LedgerEntry[];
  readonly hasDrafts: boolean;
  /** Rows that components add to this transaction. */
  readonly writes: readonly ((db: Executor) => Promise<void>)[];
  /** Older answers to the same message give way to this run's. */
  readonly supersedes: boolean;
  readonly at: Date;
}

export interface Ended {
  readonly lastSeq: number;
  /** Runs that wait in the session: the caller dispatches the next. */
  readonly queued: number;
}
