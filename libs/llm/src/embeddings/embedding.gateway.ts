import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { CONFIG, type Config } from '@parley/platform/config';
import { AppError } from '@parley/platform/errors';
import { correlationId, traceparent } from '@parley/platform/observability';
import { Backoff } from '../calls/backoff.js';
import { CallLedger } from '../calls/call-ledger.js';
import { ModelCallAborted, ModelCallError } from '../calls/model-call.errors.js';
import type { ModelReport } from '../calls/model-call.js';
import { RetryRule } from '../calls/retry-rule.js';
import { estimateTokens, isCount } from '../calls/usage.js';
import type { EmbeddingCandidate } from '../catalogue/candidate.js';
import { ModelCatalogue } from '../catalogue/model.catalogue.js';
import { PriceList } from '../catalogue/prices.js';
import { LlmMetrics } from '../llm.metrics.js';
import type { Embeddings, EmbedRequest } from '../providers/embedder.js';
import { ProviderFailure } from '../providers/provider-failure.js';

export interface EmbeddingCall {
  /** One configured model by name; left out: those of the role `embedding`. Vectors of two models never mix. */
  readonly model?: string;
  /** Longest wait in milliseconds for the answer to one request. */
  readonly silenceMs: number;
  readonly purpose: string;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch, by the machine's clock, after which nothing is tried again. */
  readonly deadline?: number;
  readonly correlationId?: string;
  readonly traceparent?: string;
}

export interface EmbeddingAnswer extends ModelReport {
  /** One a text, in order, all of `dimensions`. */
  readonly vectors: readonly Float32Array[];
  readonly dimensions: number;
  /** Who answered, as `provider:model`. */
  readonly model: string;
}

/**
 * Turns texts into vectors, by the same retry rule as chat. There is no offline embedder: vectors are never invented.
 * Nothing asks it yet: search over documents and memories will.
 */
@Injectable()
export class EmbeddingGateway {
  private readonly rule: RetryRule;

  constructor(
    private readonly catalogue: ModelCatalogue,
    private readonly metrics: LlmMetrics,
    private readonly prices: PriceList,
    backoff: Backoff,
    @Inject(CONFIG) config: Config,
  ) {
    this.rule = new RetryRule(config.models.retries, backoff);
  }

  /** What `embed` would ask, as `provider:model`; null where nothing embeds. */
  async model(): Promise<string | null> {
    const [first] = await this.catalogue.embedders().catch((error: unknown) => {
      if (error instanceof AppError) return [];
      throw error;
    });
    return first?.name ?? null;
  }

  /**
   * @throws AppError CAPABILITY_UNAVAILABLE, MODEL_UNKNOWN
   * @throws ModelCallError and ModelCallAborted as `ModelGateway.stream` does
   */
  async embed(_actor: Actor, texts: readonly string[], call: EmbeddingCall): Promise<EmbeddingAnswer> {
    const candidates = await this.catalogue.embedders(call.model);
    const ledger = new CallLedger(this.prices);
    try {
      return await this.embedAll(candidates, texts, call, ledger);
    } catch (error) {
      if (call.signal.aborted) throw new ModelCallAborted(ledger.report(), call.signal.reason);
      throw error instanceof AppError ? new ModelCallError(error, ledger.report()) : error;
    }
  }

  /** Batch after batch; all of them by the model that answered the first. */
  private async embedAll(
    candidates: readonly EmbeddingCandidate[],
    texts: readonly string[],
    call: EmbeddingCall,
    ledger: CallLedger,
  ): Promise<EmbeddingAnswer> {
    const vectors: Float32Array[] = [];
    let asked = candidates;
    while (vectors.length < texts.length) {
      const rest = texts.slice(vectors.length);
      const success = await this.rule.first(asked, call, (candidate) =>
        this.embedOnce(candidate, rest.slice(0, candidate.embedder.maxBatch), call, ledger),
      );
      success.place.release();
      vectors.push(...success.value.vectors);
      asked = [success.candidate];
    }
    const [model] = asked;
    const report = ledger.report();
    return { ...report, vectors, dimensions: vectors[0]?.length ?? 0, model: report.model ?? model?.name ?? '' };
  }

  private async embedOnce(
    { name, embedder }: EmbeddingCandidate,
    batch: readonly string[],
    call: EmbeddingCall,
    ledger: CallLedger,
  ): Promise<Embeddings> {
    const { provider, model } = embedder;
    const measured = { operation: 'embeddings' as const, provider, model };
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1000;
    ledger.begin(name);
    try {
      const answer = await answerInTime(call, (request) => embedder.embed(batch, request));
      const given = isCount(answer.inputTokens) ? answer.inputTokens : null;
      const inputTokens = given ?? batch.reduce((sum, text) => sum + estimateTokens(text), 0);
      const cost = ledger.book(name, { inputTokens, outputTokens: 0 }, given === null);
      this.metrics.ended(measured, seconds(), '');
      this.metrics.used(measured, inputTokens, 0, cost);
      return answer;
    } catch (error) {
      this.metrics.ended(measured, seconds(), error instanceof ProviderFailure ? error.kind : 'aborted');
      throw error;
    }
  }
}

/** Silence ends the request as `silence`, the caller's signal with its reason. */
async function answerInTime<T>(call: EmbeddingCall, ask: (request: EmbedRequest) => Promise<T>): Promise<T> {
  const timeout = AbortSignal.timeout(call.silenceMs);
  const correlation = call.correlationId ?? correlationId();
  const trace = call.traceparent ?? traceparent();
  try {
    return await ask({
      signal: AbortSignal.any([call.signal, timeout]),
      ...(correlation === undefined ? {} : { correlationId: correlation }),
      ...(trace === undefined ? {} : { traceparent: trace }),
    });
  } catch (error) {
    call.signal.throwIfAborted();
    throw timeout.aborted ? new ProviderFailure('silence', { silenceMs: call.silenceMs }) : error;
  }
}
