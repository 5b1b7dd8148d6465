import { AppError, type ErrorFactory } from '@parley/platform/errors';
import { llmErrors } from '../llm.errors.js';
import type { FailureKind, ProviderFailure } from '../providers/provider-failure.js';
import { addUsage } from './call-ledger.js';
import type { ModelReport } from './model-call.js';

/** A failed call, with what it has cost so far: usage is settled also when nothing was answered. */
export class ModelCallError extends AppError {
  constructor(
    error: AppError,
    readonly report: ModelReport,
  ) {
    super(error.code, error.definition, error.facts);
  }
}

/** The caller's signal ended the call. `cause` is the signal's reason. */
export class ModelCallAborted extends Error {
  override readonly name = 'ModelCallAborted';

  constructor(
    readonly report: ModelReport,
    cause: unknown,
  ) {
    super('the call was ended by its caller', { cause });
  }
}

/** Codes before the first token, and after it: a line that breaks in the middle is a stream that was cut. */
const CODES: Readonly<Record<FailureKind, readonly [ErrorFactory, ErrorFactory]>> = {
  connection: [llmErrors.MODEL_UNAVAILABLE, llmErrors.MODEL_STREAM_CUT],
  malformed: [llmErrors.MODEL_UNAVAILABLE, llmErrors.MODEL_STREAM_CUT],
  status: [llmErrors.MODEL_UNAVAILABLE, llmErrors.MODEL_UNAVAILABLE],
  error: [llmErrors.MODEL_UNAVAILABLE, llmErrors.MODEL_UNAVAILABLE],
  circuit: [llmErrors.MODEL_UNAVAILABLE, llmErrors.MODEL_UNAVAILABLE],
  cut: [llmErrors.MODEL_STREAM_CUT, llmErrors.MODEL_STREAM_CUT],
  empty: [llmErrors.MODEL_EMPTY_REPLY, llmErrors.MODEL_EMPTY_REPLY],
  silence: [llmErrors.MODEL_TIMEOUT, llmErrors.MODEL_TIMEOUT],
};

/**
 * The error that a failure becomes when nothing else is tried.
 * @param model who failed, as `provider:model`
 * @param begun text had come before
 */
export function errorOfFailure(failure: ProviderFailure, model: string, begun: boolean): AppError {
  const { retryAfterMs } = failure.facts;
  return CODES[failure.kind][begun ? 1 : 0]({
    detail: `${model} ${failure.message}.`,
    cause: failure,
    ...(retryAfterMs === undefined ? {} : { retryAfter: Math.ceil(retryAfterMs / 1000) }),
  });
}

/** The same failure of a later call, with what an earlier one had cost added. */
export function addEarlier(error: unknown, earlier: ModelReport): unknown {
  if (error instanceof ModelCallError) return new ModelCallError(error, sumReports(earlier, error.report));
  if (error instanceof ModelCallAborted) return new ModelCallAborted(sumReports(earlier, error.report), error.cause);
  return error;
}

/** Two calls as one: who was asked last, and everything added up. */
export function sumReports(earlier: ModelReport, later: ModelReport): ModelReport {
  return {
    model: later.model ?? earlier.model,
    attempts: earlier.attempts + later.attempts,
    usage: addUsage(earlier.usage, later.usage),
    firstTokenMs: earlier.firstTokenMs ?? later.firstTokenMs,
  };
}
