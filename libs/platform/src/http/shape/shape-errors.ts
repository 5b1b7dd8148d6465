import type { ValidationError } from 'class-validator';
import { type AppError, type FieldError, platformErrors, toPointer } from '../../errors/index.js';

const UNKNOWN = 'UNKNOWN_FIELD';
const REQUIRED = 'REQUIRED';

/** Codes by class-validator's names of its constraints. */
const CODES: Readonly<Record<string, string>> = {
  whitelistValidation: UNKNOWN,
  isDefined: REQUIRED,
  isNotEmpty: REQUIRED,
  isString: 'INVALID_TYPE',
  isInt: 'INVALID_TYPE',
  isNumber: 'INVALID_TYPE',
  isBoolean: 'INVALID_TYPE',
  isObject: 'INVALID_TYPE',
  isArray: 'INVALID_TYPE',
  nestedValidation: 'INVALID_TYPE',
  unknownValue: 'INVALID_TYPE',
  min: 'OUT_OF_BOUNDS',
  max: 'OUT_OF_BOUNDS',
  isPositive: 'OUT_OF_BOUNDS',
  minLength: 'TOO_SHORT',
  maxLength: 'TOO_LONG',
  arrayMinSize: 'TOO_FEW_ITEMS',
  arrayMaxSize: 'TOO_MANY_ITEMS',
  arrayNotEmpty: 'TOO_FEW_ITEMS',
  arrayUnique: 'NOT_UNIQUE',
  isIn: 'INVALID_VALUE',
  isEnum: 'INVALID_VALUE',
  equals: 'INVALID_VALUE',
};

/** The finding that explains the others comes first: what has the wrong type is also too long. */
const RANK = [UNKNOWN, REQUIRED, 'INVALID_TYPE'];

const DETAILS: Readonly<Record<string, string>> = {
  [UNKNOWN]: 'This member is not known here.',
  [REQUIRED]: 'This member is missing.',
};

function codeOf(error: ValidationError, constraint: string, message: string): string {
  const context: unknown = error.contexts?.[constraint];
  const declared: unknown = typeof context === 'object' && context !== null ? Reflect.get(context, 'code') : undefined;
  if (typeof declared === 'string') return declared;
  // One name for two findings; only the message tells them apart.
  if (constraint === 'isLength') return message.includes('longer') ? 'TOO_SHORT' : 'TOO_LONG';
  return CODES[constraint] ?? 'INVALID_FORMAT';
}

const rankOf = (code: string): number => {
  const rank = RANK.indexOf(code);
  return rank === -1 ? RANK.length : rank;
};

function findingOf(error: ValidationError, path: readonly string[], missing: boolean): FieldError | undefined {
  const pointer = toPointer(path);
  const findings = Object.entries(error.constraints ?? {}).map(([constraint, message]): FieldError => {
    const code = codeOf(error, constraint, message);
    return { pointer, code, detail: DETAILS[code] ?? message };
  });
  const [first] = findings.sort((a, b) => rankOf(a.code) - rankOf(b.code));
  if (first === undefined || !missing || first.code === UNKNOWN) return first;
  return { pointer, code: REQUIRED, detail: DETAILS[REQUIRED] ?? '' };
}

function collect(errors: readonly ValidationError[], base: readonly string[], found: FieldError[]): void {
  for (const error of errors) {
    const path = [...base, error.property];
    const finding = findingOf(error, path, error.value === undefined);
    if (finding !== undefined) found.push(finding);
    collect(error.children ?? [], path, found);
  }
}

/** One problem for all that is wrong with a shape; it repeats no value, only where each one stands. */
export function shapeProblem(errors: readonly ValidationError[]): AppError {
  const found: FieldError[] = [];
  collect(errors, [], found);
  const stranger = found.length > 0 && found.every(({ code }) => code === UNKNOWN);
  return (stranger ? platformErrors.UNKNOWN_FIELD : platformErrors.VALIDATION_FAILED)({ errors: found });
}
