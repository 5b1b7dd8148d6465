/// <reference lib="es2024.string" />
import { type AppError, type FieldError, platformErrors, toPointer } from '../../errors/index.js';

const DEEPEST = 32;
const LONGEST_ARRAY = 1000;

type Fault = 'FORBIDDEN_KEY' | 'INVALID_TEXT' | 'TOO_DEEP' | 'TOO_MANY_ITEMS';

interface Finding {
  readonly fault: Fault;
  /** From the innermost member outwards. */
  readonly path: Array<string | number>;
}

const DETAILS: Readonly<Record<Fault, string>> = {
  FORBIDDEN_KEY: 'This member name is not allowed.',
  INVALID_TEXT: 'The text holds U+0000 or an unpaired surrogate.',
  TOO_DEEP: `Nothing may lie deeper than ${DEEPEST} levels.`,
  TOO_MANY_ITEMS: `An array has at most ${LONGEST_ARRAY} items.`,
};

const isBadText = (text: string): boolean => text.includes('\0') || !text.isWellFormed();

function isForbidden(name: string): boolean {
  return name === '__proto__' || name === 'constructor' || name === 'prototype';
}

/** One pass over everything that JSON.parse made; the path is put together only where something is wrong. */
function inspect(value: unknown, depth: number): Finding | undefined {
  if (typeof value === 'string') return isBadText(value) ? { fault: 'INVALID_TEXT', path: [] } : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEEPEST) return { fault: 'TOO_DEEP', path: [] };
  return Array.isArray(value) ? inspectItems(value, depth) : inspectMembers(value, depth);
}

function inspectItems(items: readonly unknown[], depth: number): Finding | undefined {
  if (items.length > LONGEST_ARRAY) return { fault: 'TOO_MANY_ITEMS', path: [] };
  for (let index = 0; index < items.length; index += 1) {
    const finding = inspect(items[index], depth + 1);
    if (finding !== undefined) return { ...finding, path: [...finding.path, index] };
  }
  return undefined;
}

function inspectMembers(value: object, depth: number): Finding | undefined {
  for (const [name, member] of Object.entries(value)) {
    if (isForbidden(name)) return { fault: 'FORBIDDEN_KEY', path: [name] };
    if (isBadText(name)) return { fault: 'INVALID_TEXT', path: [] };
    const finding = inspect(member, depth + 1);
    if (finding !== undefined) return { ...finding, path: [...finding.path, name] };
  }
  return undefined;
}

/**
 * What no body or frame may hold, whatever its shape: forbidden names, text that cannot be stored,
 * more than 32 levels or 1000 items.
 * @param value as JSON.parse gave it
 */
export function faultOf(value: unknown): AppError | undefined {
  const finding = inspect(value, 1);
  if (finding === undefined) return undefined;
  const { fault } = finding;
  const error: FieldError = { pointer: toPointer(finding.path.reverse()), code: fault, detail: DETAILS[fault] };
  const make =
    fault === 'FORBIDDEN_KEY' || fault === 'INVALID_TEXT' ? platformErrors[fault] : platformErrors.VALIDATION_FAILED;
  return make({ errors: [error] });
}
