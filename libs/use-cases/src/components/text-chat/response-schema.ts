import { createRequire } from 'node:module';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { isRecord } from '../../settings/value-schema.js';

/** Bytes of a JSON Schema that a session may bring. */
const MOST_BYTES = 16_384;
const DEEPEST = 64;
const DIALECT = /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/;
const REFERENCES: ReadonlySet<string> = new Set(['$ref', '$dynamicRef']);

const ajv2020 = z.custom<typeof Ajv2020>((value) => typeof value === 'function');
let validator: Ajv2020 | undefined;

/** Why an object cannot be asked of a model as JSON Schema 2020-12, or null. */
export function jsonSchemaProblem(schema: Readonly<Record<string, unknown>>): string | null {
  if (Buffer.byteLength(JSON.stringify(schema)) > MOST_BYTES) return `must have at most ${MOST_BYTES} bytes`;
  const { $schema: dialect } = schema;
  if (dialect !== undefined && !(typeof dialect === 'string' && DIALECT.test(dialect))) {
    return 'must be of JSON Schema 2020-12';
  }
  return referenceProblem(schema, 0) ?? compileProblem(schema);
}

function referenceProblem(value: unknown, depth: number): string | null {
  if (depth > DEEPEST) return `must be at most ${DEEPEST} levels deep`;
  if (Array.isArray(value)) return firstProblem(value, (item) => referenceProblem(item, depth + 1));
  if (!isRecord(value)) return null;
  return firstProblem(Object.entries(value), ([key, member]) => {
    if (REFERENCES.has(key) && typeof member === 'string' && !member.startsWith('#')) {
      return 'must not refer to anything outside of itself';
    }
    return referenceProblem(member, depth + 1);
  });
}

/** What the schema of schemas says, and patterns and references that lead nowhere. */
function compileProblem(schema: Readonly<Record<string, unknown>>): string | null {
  validator ??= openValidator();
  try {
    validator.compile(schema);
    return null;
  } catch (error) {
    return `is no JSON Schema that can be used: ${error instanceof Error ? error.message : 'unknown'}`.slice(0, 300);
  } finally {
    validator.removeSchema(schema);
  }
}

/** Loaded when the first session brings a schema: it costs 40 ms and 14 MB. */
function openValidator(): Ajv2020 {
  // The package's module is its class, which bears itself as a member too.
  const Validator = ajv2020.parse(createRequire(import.meta.url)('ajv/dist/2020.js'));
  return new Validator({ strict: false, validateFormats: false, logger: false, addUsedSchema: false });
}

function firstProblem<T>(list: readonly T[], problemOf: (item: T) => string | null): string | null {
  for (const item of list) {
    const problem = problemOf(item);
    if (problem !== null) return problem;
  }
  return null;
}
