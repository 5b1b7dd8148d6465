import { toPointer } from '@parley/platform/errors';
import { z } from 'zod';
import type { OutputSchema } from '../providers/chat-model.js';
import { type Checked, jsonSchemaCheck } from './json-schema.js';

/** What a structured answer has to look like: as the provider is told, and as we check it. */
export interface OutputShape<T> {
  readonly output: OutputSchema;
  check(value: unknown): Checked<T>;
}

type JsonSchema = Readonly<Record<string, unknown>>;

const zodOutputs = new WeakMap<z.ZodType, JsonSchema>();

/** @throws VALIDATION_FAILED where a JSON Schema is none */
export async function outputShape(name: string, schema: z.ZodType | JsonSchema): Promise<OutputShape<unknown>> {
  if (schema instanceof z.ZodType) {
    return { output: { name, schema: jsonSchemaOf(schema) }, check: (value) => checkByZod(schema, value) };
  }
  return { output: { name, schema }, check: await jsonSchemaCheck(schema) };
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const known = zodOutputs.get(schema);
  if (known !== undefined) return known;
  const made: JsonSchema = { ...z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }) };
  zodOutputs.set(schema, made);
  return made;
}

function checkByZod(schema: z.ZodType, value: unknown): Checked<unknown> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const errors = result.error.issues.map(({ path, code, message }) => {
    return { pointer: toPointer(path), code, detail: message };
  });
  return { ok: false, errors };
}
