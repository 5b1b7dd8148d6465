import type { PriceList } from '../catalogue/prices.js';
import type { TokenCounts } from '../providers/chat-model.js';
import type { ModelReport, ModelUsage } from './model-call.js';

const NOTHING: ModelUsage = { inputTokens: 0, outputTokens: 0, estimated: false, costUsd: 0 };

/** Adds up what one call costs over all its tries. */
export class CallLedger {
  private readonly startedAt = performance.now();
  private attempts = 0;
  private usage = NOTHING;
  private model: string | null = null;
  private firstTokenMs: number | null = null;

  constructor(private readonly prices: PriceList) {}

  /** A request goes out to this model. */
  begin(model: string): void {
    this.attempts += 1;
    this.model = model;
  }

  firstToken(): void {
    this.firstTokenMs ??= Math.round(performance.now() - this.startedAt);
  }

  /** Returns what it costs in US dollars; null where the price is not known. */
  book(model: string, counts: TokenCounts, estimated: boolean): number | null {
    const costUsd = this.prices.costOf(model, counts);
    this.usage = addUsage(this.usage, { ...counts, estimated, costUsd });
    return costUsd;
  }

  report(): ModelReport {
    const { model, attempts, usage, firstTokenMs } = this;
    return { model, attempts, usage, firstTokenMs };
  }
}

/** Sums; a part that is estimated or without price makes the whole so. */
export function addUsage(one: ModelUsage, other: ModelUsage): ModelUsage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    estimated: one.estimated || other.estimated,
    costUsd: one.costUsd === null || other.costUsd === null ? null : one.costUsd + other.costUsd,
  };
}
