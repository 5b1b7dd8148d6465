import { escapePointer, type FieldError } from '@parley/platform/errors';
import { codePointPrefix } from '@parley/platform/text';
import { isNullable, isRecord, kindOf, type ValueKind, type ValueSchema } from './value-schema.js';

/** What is wrong with a value, at `pointer` below it. */
export type Finding = FieldError;

/** The first thing wrong with a value, or null. Details repeat nothing of the value. */
export function checkValue(schema: ValueSchema, value: unknown, pointer: string): Finding | null {
  if (value === null && isNullable(schema)) return null;
  const kind = kindOf(schema);
  if (!isOfKind(kind, value)) return { pointer, code: 'INVALID_TYPE', detail: `must be ${NAMES[kind]}` };
  const bound = checkChoice(schema, value) ?? BOUNDS[kind](schema, value);
  if (bound !== null) return { pointer, code: 'OUT_OF_BOUNDS', detail: bound };
  return checkParts(schema, value, pointer);
}

/**
 * The allowed value nearest to one that is not: numbers go to the bound, texts and lists are cut,
 * choices that are gone leave lists. Undefined where nothing is near.
 */
export function nearestValue(schema: ValueSchema, value: unknown): unknown {
  const moved = move(schema, value);
  return moved !== undefined && checkValue(schema, moved, '') === null ? moved : undefined;
}

/** Characters as people and bounds count them. */
export function codePoints(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length - 1; at += 1) {
    if (isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1))) {
      pairs += 1;
      at += 1;
    }
  }
  return text.length - pairs;
}

const NAMES: Readonly<Record<ValueKind, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

type BoundCheck = (schema: ValueSchema, value: unknown) => string | null;

const BOUNDS: Readonly<Record<ValueKind, BoundCheck>> = {
  string: checkText,
  number: checkNumber,
  integer: checkNumber,
  boolean: () => null,
  array: checkList,
  object: () => null,
};

function isOfKind(kind: ValueKind, value: unknown): boolean {
  if (kind === 'array') return Array.isArray(value);
  if (kind === 'object') return isRecord(value);
  if (kind === 'integer') return Number.isInteger(value);
  if (kind === 'number') return Number.isFinite(value);
  return typeof value === kind;
}

function checkChoice(schema: ValueSchema, value: unknown): string | null {
  if (schema.enum === undefined || schema.enum.some((choice) => choice === value)) return null;
  return `must be one of ${schema.enum.join(', ')}`.slice(0, 1000);
}

function checkNumber(schema: ValueSchema, value: unknown): string | null {
  if (typeof value !== 'number') return null;
  if (schema.minimum !== undefined && value < schema.minimum) return `must be at least ${schema.minimum}`;
  if (schema.maximum !== undefined && value > schema.maximum) return `must be at most ${schema.maximum}`;
  return null;
}

function checkText(schema: ValueSchema, value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const length = codePoints(value);
  if (length < (schema.minLength ?? 0)) return `must have at least ${schema.minLength} characters`;
  if (length > (schema.maxLength ?? length)) return `must have at most ${schema.maxLength} characters`;
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) {
    return `must match ${schema.pattern}`;
  }
  return null;
}

function checkList(schema: ValueSchema, value: unknown): string | null {
  if (!Array.isArray(value)) return null;
  if (value.length < (schema.minItems ?? 0)) return `must have at least ${schema.minItems} entries`;
  if (value.length > (schema.maxItems ?? value.length)) return `must have at most ${schema.maxItems} entries`;
  if (schema.uniqueItems === true && distinct(value).length < value.length) return 'must have no entry twice';
  return null;
}

function checkParts(schema: ValueSchema, value: unknown, pointer: string): Finding | null {
  const { items, properties } = schema;
  if (items !== undefined && Array.isArray(value)) {
    return first(value, (item, index) => checkValue(items, item, `${pointer}/${index}`));
  }
  if (properties === undefined || !isRecord(value)) return null;
  const missing = (schema.required ?? []).find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return { pointer, code: 'OUT_OF_BOUNDS', detail: `needs the member ${missing}` };
  return first(Object.keys(value), (name) => checkMember(properties, value, name, pointer));
}

function checkMember(
  properties: Readonly<Record<string, ValueSchema>>,
  value: Readonly<Record<string, unknown>>,
  name: string,
  pointer: string,
): Finding | null {
  const at = `${pointer}/${escapePointer(name)}`;
  const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (schema === undefined) return { pointer: at, code: 'UNKNOWN_KEY', detail: 'is no member of this object' };
  return checkValue(schema, value[name], at);
}

function first<T>(list: readonly T[], check: (item: T, index: number) => Finding | null): Finding | null {
  for (const [index, item] of list.entries()) {
    const finding = check(item, index);
    if (finding !== null) return finding;
  }
  return null;
}

function move(schema: ValueSchema, value: unknown): unknown {
  if (typeof value === 'number') {
    return Math.min(Math.max(value, schema.minimum ?? value), schema.maximum ?? value);
  }
  if (typeof value === 'string') return codePointPrefix(value, schema.maxLength ?? value.length);
  if (!Array.isArray(value)) return undefined;
  const { items } = schema;
  const allowed: unknown[] =
    items === undefined ? value : value.filter((item: unknown) => checkValue(items, item, '') === null);
  return (schema.uniqueItems === true ? distinct(allowed) : allowed).slice(0, schema.maxItems);
}

function distinct(list: readonly unknown[]): unknown[] {
  const seen = new Set<string>();
  return list.filter((item) => {
    const key = JSON.stringify(item);
    return !seen.has(key) && seen.add(key);
  });
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
