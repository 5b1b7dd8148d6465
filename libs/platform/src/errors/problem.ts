import { AppError, type FieldError } from './app-error.js';
import { platformErrors } from './platform.errors.js';

/** RFC 9457 problem document as every transport of Parley sends it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly code: string;
  readonly correlation_id?: string;
  readonly errors?: readonly FieldError[];
  readonly [member: string]: unknown;
}

export interface ProblemContext {
  /** Path of the request, without query; the session for a stream or socket. */
  readonly instance?: string;
  readonly correlationId?: string;
}

/**
 * Turns whatever was thrown into the one document that HTTP bodies, socket acknowledgements,
 * last events of streams, stored run errors and dead letters share. Pure; never leaks what an
 * unknown error says.
 */
export function toProblem(thrown: unknown, context: ProblemContext = {}): Problem {
  const error = thrown instanceof AppError ? thrown : platformErrors.INTERNAL({ cause: thrown });
  const { detail, errors, retryAfter, members } = error.facts;
  return {
    type: `/problems/${error.code}`,
    title: error.definition.title,
    status: error.status,
    detail: detail ?? error.definition.title,
    ...(context.instance === undefined ? {} : { instance: context.instance }),
    code: error.code,
    ...(context.correlationId === undefined ? {} : { correlation_id: context.correlationId }),
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
    ...members,
  };
}
