import { z } from 'zod';
import { checkValue } from './check-value.js';
import { kindOf, type Scalar, type ValueKind, type ValueSchema } from './value-schema.js';

const size = z.number().int().min(0).optional();

/** Bounds that a deployment or an organisation lays over those of a declaration: only tighter ones. */
export const narrowing = z.strictObject({
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: size,
  maxLength: size,
  minItems: size,
  maxItems: size,
  enum: z
    .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .min(1)
    .optional(),
});
export type Narrowing = z.infer<typeof narrowing>;

const FITTING: Readonly<Record<ValueKind, readonly (keyof Narrowing)[]>> = {
  string: ['minLength', 'maxLength', 'enum'],
  number: ['minimum', 'maximum', 'enum'],
  integer: ['minimum', 'maximum', 'enum'],
  boolean: ['enum'],
  array: ['minItems', 'maxItems', 'enum'],
  object: [],
};

const PAIRS = [
  ['minimum', 'maximum'],
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
] as const;

/**
 * The schema inside both, or a sentence saying why there is none: a bound is wider, the kind has no
 * such bound, or nothing is left. For a list `enum` narrows what its entries may be.
 */
export function narrow(schema: ValueSchema, by: Narrowing): ValueSchema | string {
  const kind = kindOf(schema);
  for (const [key, value] of Object.entries(by)) {
    if (value !== undefined && !FITTING[kind].some((fitting) => fitting === key)) return `has no bound ${key}`;
  }
  const pairs = narrowPairs(schema, by);
  if (typeof pairs === 'string' || by.enum === undefined) return pairs;
  return narrowChoices(pairs, by.enum);
}

function narrowPairs(schema: ValueSchema, by: Narrowing): ValueSchema | string {
  let narrowed = schema;
  for (const [low, high] of PAIRS) {
    const base: Range = [schema[low] ?? Number.NEGATIVE_INFINITY, schema[high] ?? Number.POSITIVE_INFINITY];
    const problem = pairProblem(base, [by[low] ?? base[0], by[high] ?? base[1]], [low, high]);
    if (problem !== null) return problem;
    if (by[low] !== undefined) narrowed = { ...narrowed, [low]: by[low] };
    if (by[high] !== undefined) narrowed = { ...narrowed, [high]: by[high] };
  }
  return narrowed;
}

type Range = readonly [number, number];

function pairProblem([floor, ceiling]: Range, [least, most]: Range, [low, high]: readonly [string, string]) {
  if (least < floor) return `widens ${low}, which is ${floor}`;
  if (most > ceiling) return `widens ${high}, which is ${ceiling}`;
  return least > most ? `leaves nothing between ${low} and ${high}` : null;
}

function narrowChoices(schema: ValueSchema, choices: readonly Scalar[]): ValueSchema | string {
  const of = kindOf(schema) === 'array' ? schema.items : schema;
  if (of === undefined) return 'has entries of any kind, which cannot be narrowed';
  const strange = choices.map((choice) => checkValue(of, choice, '')).find((finding) => finding !== null);
  if (strange !== undefined) return `widens what is allowed: each of enum ${strange.detail}`;
  return of === schema ? { ...schema, enum: choices } : { ...schema, items: { ...of, enum: choices } };
}
