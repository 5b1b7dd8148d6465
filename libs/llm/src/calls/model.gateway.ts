import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { CONFIG, type Config } from '@parley/platform/config';
import { AppError } from '@parley/platform/errors';
import { correlationId, traceparent } from '@parley/platform/observability';
import type { ChatCandidate } from '../catalogue/candidate.js';
import { ModelCatalogue } from '../catalogue/model.catalogue.js';
import { PriceList } from '../catalogue/prices.js';
import { LlmMetrics } from '../llm.metrics.js';
import type { ChatRequest } from '../providers/chat-model.js';
import { ProviderFailure } from '../providers/provider-failure.js';
import { askStructured } from '../structured/structured-output.js';
import { Backoff } from './backoff.js';
import { CallLedger } from './call-ledger.js';
import { errorOfFailure, ModelCallAborted, ModelCallError } from './model-call.errors.js';
import type { JsonSchemaCall, ModelAnswer, ModelCall, ModelReport, StructuredAnswer, ZodCall } from './model-call.js';
import { ModelTry, type TryBooks } from './model-try.js';
import { RetryRule, type Success } from './retry-rule.js';

type OpenTry = Success<ChatCandidate, { readonly first: string; readonly attempt: ModelTry }>;

/** The way to every language model. Nothing above or below it tries a call again. */
@Injectable()
export class ModelGateway {
  private readonly logger = new Logger(ModelGateway.name);
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

  /**
   * Asks, and hands the text over as it comes. Before the first text the call may be tried again, also with
   * the next model of the role; after it what fails, fails. A listener that throws ends the call.
   * @param onText called synchronously, never with an empty text: a generator would cost a dozen promises a token
   * @throws ModelCallError MODEL_UNAVAILABLE, MODEL_TIMEOUT, MODEL_STREAM_CUT, MODEL_EMPTY_REPLY, OVERLOADED
   * @throws AppError MODEL_UNKNOWN
   * @throws ModelCallAborted when `call.signal` is aborted
   */
  async stream(actor: Actor, call: ModelCall, onText: (text: string) => void): Promise<ModelAnswer> {
    const candidates = await this.catalogue.candidates(call.model);
    const request = requestOf(call);
    const books: TryBooks = { ledger: new CallLedger(this.prices), metrics: this.metrics };
    try {
      const open = await this.rule.first(candidates, call, (candidate) =>
        ModelTry.open(candidate, request, call, books),
      );
      return await this.relay(open, books, onText);
    } catch (error) {
      if (error instanceof AppError) this.logger.warn(`${call.purpose} for ${actor.principalId}: ${error.code}`);
      throw withReport(error, books.ledger.report(), call.signal);
    }
  }

  /**
   * The whole answer at once.
   * @throws what `stream` throws
   */
  complete(actor: Actor, call: ModelCall): Promise<ModelAnswer> {
    return this.stream(actor, call, () => undefined);
  }

  /**
   * Asks for JSON and checks it; what does not fit is sent back once with the findings.
   * @throws ModelCallError MODEL_OUTPUT_INVALID, and as `stream` does
   */
  structured<T>(actor: Actor, call: ZodCall<T>): Promise<StructuredAnswer<T>>;
  structured(actor: Actor, call: JsonSchemaCall): Promise<StructuredAnswer<unknown>>;
  structured(actor: Actor, call: ZodCall<unknown> | JsonSchemaCall): Promise<StructuredAnswer<unknown>> {
    return askStructured(call, (one) => this.complete(actor, one));
  }

  private async relay(
    { candidate, value, place }: OpenTry,
    books: TryBooks,
    onText: (text: string) => void,
  ): Promise<ModelAnswer> {
    const { first, attempt } = value;
    try {
      onText(first);
      await attempt.rest(onText);
    } catch (error) {
      attempt.end(error);
      throw error instanceof ProviderFailure ? errorOfFailure(error, candidate.name, true) : error;
    } finally {
      attempt.end();
      place.release();
    }
    return answerOf(attempt, candidate.name, books.ledger.report());
  }
}

function requestOf(call: ModelCall): ChatRequest {
  const { messages, temperature, topP, maxOutputTokens, schema, purpose } = call;
  const correlation = call.correlationId ?? correlationId();
  const trace = call.traceparent ?? traceparent();
  return {
    messages,
    purpose,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(schema === undefined ? {} : { schema }),
    ...(correlation === undefined ? {} : { correlationId: correlation }),
    ...(trace === undefined ? {} : { traceparent: trace }),
  };
}

function answerOf(attempt: ModelTry, model: string, report: ModelReport): ModelAnswer {
  const { text, finish } = attempt;
  if (finish === null) throw new Error('an answer without a finish reason');
  return { ...report, model, text, finishReason: finish.reason };
}

function withReport(error: unknown, report: ModelReport, signal: AbortSignal): unknown {
  if (signal.aborted) return new ModelCallAborted(report, signal.reason);
  return error instanceof AppError ? new ModelCallError(error, report) : error;
}
