import type { Actor } from '@parley/auth';
import type { Executor } from '@parley/platform/database';
import type { AppError } from '@parley/platform/errors';
import type { ComponentName } from '../declaration/declaration.js';
import type { SettingAdjustment } from '../settings/effective-settings.js';
import type { FrozenSettings } from '../settings/frozen.js';

/** When messages that the model does not see any more are summed up for it. */
export interface SummaryRule {
  /** How many of the last messages it sees as they are. */
  readonly window: number;
  /** How many have to leave that window before the summary is renewed. */
  readonly threshold: number;
}

/** What is decided about a turn before it is accepted: everything a run needs but the conversation. */
export interface TurnPlan {
  readonly useCase: string;
  /** Of the declaration. */
  readonly version: number;
  /** Merged from all layers; stored with the run. */
  readonly settings: FrozenSettings;
  readonly adjusted: readonly SettingAdjustment[];
  /** How many earlier messages the engine wants in `history`. */
  readonly historyLimit: number;
  /** What is older than that is summed up by this rule; null: it is not. */
  readonly summary: SummaryRule | null;
  readonly onBusy: 'queue' | 'reject';
  readonly autoTitle: boolean;
  /** Longest run in milliseconds; the caller's signal ends it. */
  readonly wallClockMs: number;
  /** In the declared order, without those that a setting switched off. */
  readonly components: readonly ComponentName[];
  /** The one of them that answers. */
  readonly answers: ComponentName;
}

export interface HistoryMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** It was broken off before it was whole. */
  readonly interrupted: boolean;
}

export interface TurnInput {
  readonly actor: Actor;
  readonly sessionId: string;
  readonly runId: string;
  readonly plan: TurnPlan;
  /** As the message carried it; its settings are in the plan already. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly message: { readonly id: string; readonly content: string };
  /** In turn order, oldest first; at most `plan.historyLimit`. */
  readonly history: readonly HistoryMessage[];
  /** What is older than the history, where the plan asks for it and it was written. */
  readonly summary?: {
    readonly content: string;
    /** It rests on turns that held text of documents, files, the web or tools. */
    readonly tainted: boolean;
  };
  /** The asker's IANA time zone, where the profile names one. */
  readonly timeZone?: string;
  readonly correlationId?: string;
  /** Ends the turn; its reason is an `AppError`. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch by the machine's clock; no model is asked again after it. */
  readonly deadline: number;
}

export interface AgentAuthor {
  readonly type: 'agent';
  /** Slug of a built-in persona, id of a user's own. */
  readonly id: string;
  readonly name: string;
}

/** Who listens to a turn while it happens. All of it is synchronous and cheap; nothing is awaited. */
export interface TurnSink {
  componentStarted(component: string): void;
  componentCompleted(component: string, result: ComponentResult): void;
  messageStarted(message: { id: string; author: AgentAuthor }): void;
  delta(messageId: string, text: string): void;
}

/** An entry of `component_results`, at most 64 KiB as JSON. */
export interface ComponentResult {
  readonly success: boolean;
  readonly status: 'ok' | 'partial' | 'skipped' | 'failed';
  readonly duration_ms: number;
  readonly error: { readonly code: string; readonly detail: string } | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The fields of the component's own section. */
  readonly [field: string]: unknown;
}

export interface AnswerMessage {
  readonly id: string;
  readonly author: AgentAuthor;
  readonly content: string;
  readonly finishReason: string | null;
  readonly metadata: Record<string, unknown>;
}

export interface TurnUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** US dollars; null where the price of a model is not known. */
  readonly cost_usd: number | null;
  /** Who answered, each once. */
  readonly models: string[];
}

/** One model call, as the usage ledger books it. */
export interface ModelCallRecord {
  readonly purpose: string;
  readonly provider: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number | null;
  readonly estimated: boolean;
}

export interface TurnOutcome {
  /** In the order in which they began; the last is the response. */
  readonly messages: readonly AnswerMessage[];
  /** By component, in the declared order. */
  readonly componentResults: Record<string, ComponentResult>;
  readonly usage: TurnUsage;
  readonly calls: readonly ModelCallRecord[];
  /** Rows that components add to the run's last transaction. */
  readonly writes: readonly TurnWrite[];
}

export type TurnWrite = (db: Executor) => Promise<void>;

/** A turn that did not come to an answer. What was said stays with the sink. */
export class TurnFailure extends Error {
  override readonly name = 'TurnFailure';

  constructor(
    readonly error: AppError,
    /** What there is all the same: results, usage and calls so far. */
    readonly outcome: Partial<TurnOutcome>,
  ) {
    super(error.message, { cause: error });
  }
}
