import { type FieldError, platformErrors } from '@parley/platform/errors';
import { LRUCache } from 'lru-cache';
import { withinTime } from './within-time.js';

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

type JsonSchema = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => Checked<unknown>;

/** A schema may come from a user, with patterns that take for ever on the wrong text. */
const CHECK_MS = 250;

const checks = new LRUCache<string, Check>({ max: 200 });

/**
 * A check by JSON Schema 2020-12.
 * @throws VALIDATION_FAILED where the schema is none
 */
export async function jsonSchemaCheck(schema: JsonSchema): Promise<Check> {
  const key = JSON.stringify(schema);
  const known = checks.get(key);
  if (known !== undefined) return known;
  const made = await compile(schema);
  checks.set(key, made);
  return made;
}

async function compile(schema: JsonSchema): Promise<Check> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, logger: false });
  const validate = compiled(() => ajv.compile(schema));
  return (value) => {
    const valid = withinTime(CHECK_MS, () => validate(value));
    if (valid === true) return { ok: true, value };
    if (valid === 'too long') {
      return { ok: false, errors: [{ pointer: '', code: 'timeout', detail: 'the check took too long' }] };
    }
    const errors = (validate.errors ?? []).map(({ instancePath, keyword, message }) => {
      return { pointer: instancePath, code: keyword, detail: message ?? keyword };
    });
    return { ok: false, errors };
  };
}

function compiled<T>(compile: () => T): T {
  try {
    return compile();
  } catch (cause) {
    throw platformErrors.VALIDATION_FAILED({ detail: 'This is no JSON Schema (2020-12) that can be used.', cause });
  }
}
