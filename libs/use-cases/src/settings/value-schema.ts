import { z } from 'zod';

const KINDS = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;
export type ValueKind = (typeof KINDS)[number];
export type Scalar = string | number | boolean | null;

/**
 * The part of JSON Schema 2020-12 in which settings are described. It is closed on purpose: bounds
 * written in it can be compared, narrowed, and a value moved to the nearest one inside them.
 * Lengths of texts count code points.
 */
export interface ValueSchema {
  readonly type: ValueKind | readonly [ValueKind, 'null'];
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly enum?: readonly Scalar[] | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly pattern?: string | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly uniqueItems?: boolean | undefined;
  readonly items?: ValueSchema | undefined;
  /** With it an object is closed and merges by member; without it an object is one opaque value. */
  readonly properties?: Readonly<Record<string, ValueSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: false | undefined;
}

const size = z.number().int().min(0).optional();

export const valueSchema: z.ZodType<ValueSchema> = z.lazy(() =>
  z.strictObject({
    type: z.union([z.enum(KINDS), z.tuple([z.enum(KINDS), z.literal('null')])]),
    description: z.string().min(1).max(1000).optional(),
    default: z.unknown().optional(),
    enum: z
      .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .min(1)
      .optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minLength: size,
    maxLength: size,
    pattern: z.string().max(200).refine(isPattern, 'is no regular expression').optional(),
    minItems: size,
    maxItems: size,
    uniqueItems: z.boolean().optional(),
    items: valueSchema.optional(),
    properties: z.record(z.string(), valueSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.literal(false).optional(),
  }),
);

/**
 * What a Zod type says, in this vocabulary.
 * @throws Error naming the member where Zod says something that the vocabulary has no word for.
 */
export function fromZod(type: z.ZodType): ValueSchema {
  const { $schema: _, ...said } = z.toJSONSchema(type, { io: 'input' });
  return valueSchema.parse(plain(said));
}

export function kindOf(schema: ValueSchema): ValueKind {
  return typeof schema.type === 'string' ? schema.type : schema.type[0];
}

export function isNullable(schema: ValueSchema): boolean {
  return typeof schema.type !== 'string';
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Brings Zod's ways of saying "or null" and "any object" to the one way of the vocabulary. */
function plain(said: unknown): unknown {
  if (!isRecord(said)) return said;
  const { anyOf, propertyNames: _, ...rest } = said;
  const flat = anyOf === undefined ? rest : { ...rest, ...orNull(anyOf) };
  const entries = Object.entries(flat).filter(([key, value]) => key !== 'additionalProperties' || !isAnything(value));
  return Object.fromEntries(entries.map(([key, value]) => [key, plainMember(key, value)]));
}

/** The schema `{}`. */
function isAnything(schema: unknown): boolean {
  return isRecord(schema) && Object.keys(schema).length === 0;
}

function plainMember(key: string, value: unknown): unknown {
  if (key === 'items') return plain(value);
  if (key !== 'properties' || !isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

function orNull(anyOf: unknown): Readonly<Record<string, unknown>> {
  const [one, none, ...more] = Array.isArray(anyOf) ? anyOf.map(plain) : [];
  if (!isRecord(one) || !isRecord(none) || none.type !== 'null' || more.length > 0) {
    throw new Error('a setting is of one type, or of one type or null');
  }
  const choices = Array.isArray(one.enum) ? { enum: [...one.enum.map(scalar), null] } : {};
  return { ...one, ...choices, type: [one.type, 'null'] };
}

function scalar(value: unknown): Scalar {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw new Error('a choice is a text, a number or a boolean');
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
