import { type AppError, type FieldError, platformErrors } from '@parley/platform/errors';
import { useCaseErrors } from './use-cases.errors.js';

const byCode = new Map(Object.values(useCaseErrors).map((make) => [make.code, make]));

/** @throws one error for all findings, if there are any: of their code where they share one, else VALIDATION_FAILED */
export function refuse(findings: readonly FieldError[]): void {
  const [first] = findings;
  if (first !== undefined) throw toError(first, findings);
}

function toError(first: FieldError, findings: readonly FieldError[]): AppError {
  const shared = findings.every(({ code }) => code === first.code) ? byCode.get(first.code) : undefined;
  return (shared ?? platformErrors.VALIDATION_FAILED)({ detail: first.detail, errors: findings });
}
