import { z } from 'zod';

/** What stands behind the wrappers of a key: its own shape, whether null is allowed, what was said about it. */
export interface Unwrapped {
  readonly schema: z.core.$ZodType;
  readonly nullable: boolean;
  readonly optional: boolean;
  readonly secret: boolean;
  readonly expected: string | undefined;
  readonly description: string | undefined;
}

/** Takes defaults, null and optionality off a schema; what the outermost layer says about itself counts. */
export function unwrap(outer: z.core.$ZodType): Unwrapped {
  const layers = layersOf(outer);
  const said = layers.map((layer) => z.globalRegistry.get(layer));
  return {
    schema: layers.at(-1) ?? outer,
    nullable: layers.some((layer) => layer instanceof z.ZodNullable),
    optional: layers.some((layer) => layer instanceof z.ZodOptional),
    secret: said.some((meta) => meta?.secret === true),
    expected: said.find((meta) => meta?.expected !== undefined)?.expected,
    description: said.find((meta) => meta?.description !== undefined)?.description,
  };
}

/** The schema and what it wraps, outermost first. */
function layersOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  const wraps =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional;
  return wraps ? [schema, ...layersOf(schema.unwrap())] : [schema];
}

/** The members of an object schema by name. */
export function membersOf(schema: z.ZodObject): [string, z.core.$ZodType][] {
  return Object.entries<unknown>(schema.shape).flatMap(([name, member]) =>
    member instanceof z.ZodType ? [[name, member] satisfies [string, z.core.$ZodType]] : [],
  );
}

/**
 * What a schema takes, in words that end "expected …". Written from the schema alone: never holds a value that was set.
 */
export function expectation(outer: z.core.$ZodType): string {
  const { schema, expected } = unwrap(outer);
  if (expected !== undefined) return expected;
  if (schema instanceof z.ZodNumber) return numberText(schema);
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.join(', ')}`;
  if (schema instanceof z.ZodEmail) return 'an e-mail address';
  if (schema instanceof z.ZodArray) return `a list, each entry ${expectation(schema.element)}`;
  if (schema instanceof z.ZodRecord) return `a mapping from names to ${expectation(schema.valueType)}`;
  if (schema instanceof z.ZodObject) return `{${membersText(schema)}}`;
  return 'text';
}

function membersText(schema: z.ZodObject): string {
  return membersOf(schema)
    .map(([name, member]) => `${name}${unwrap(member).optional ? '?' : ''}: ${expectation(member)}`)
    .join('; ');
}

export function numberBounds(schema: z.ZodNumber): {
  readonly min: number | undefined;
  readonly max: number | undefined;
} {
  // A whole number is bounded by 2^53 even where the schema says nothing.
  const said = (bound: number | null) =>
    bound === null || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound;
  return { min: said(schema.minValue), max: said(schema.maxValue) };
}

function numberText(schema: z.ZodNumber): string {
  const { min, max } = numberBounds(schema);
  const kind = schema.isInt ? 'a whole number' : 'a number';
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind} of at least ${min}`;
  return max === undefined ? kind : `${kind} of at most ${max}`;
}

/** The schema that judges what lies at a place inside a key's value. */
export function schemaAt(outer: z.core.$ZodType, place: readonly PropertyKey[]): z.core.$ZodType {
  const [step, ...rest] = place;
  const { schema } = unwrap(outer);
  if (step === undefined) return schema;
  const inside = stepInto(schema, step);
  return inside === undefined ? schema : schemaAt(inside, rest);
}

function stepInto(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodObject) return membersOf(schema).find(([name]) => name === step)?.[1];
  return undefined;
}
