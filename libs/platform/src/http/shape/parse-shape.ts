import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import { platformErrors } from '../../errors/index.js';
import { shapeProblem } from './shape-errors.js';

export type Dto<T extends object> = new () => T;

const RULES = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: false,
  validationError: { target: false, value: true },
} as const;

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Holds a body or frame against its DTO: no unknown members, no coercion of types.
 * @throws VALIDATION_FAILED, UNKNOWN_FIELD with `errors[]`
 */
export function parseShape<T extends object>(dto: Dto<T>, value: unknown): T {
  if (!isPlainObject(value)) {
    throw platformErrors.VALIDATION_FAILED({
      errors: [{ pointer: '', code: 'INVALID_TYPE', detail: 'An object is expected.' }],
    });
  }
  const instance = plainToInstance(dto, value);
  const errors = validateSync(instance, RULES);
  if (errors.length > 0) throw shapeProblem(errors);
  return instance;
}

type Convert = (text: string) => unknown;

const toNumber: Convert = (text) => (/^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : text);
const toBoolean: Convert = (text) => (text === 'true' ? true : text === 'false' ? false : text);
const toList: Convert = (text) => (text === '' ? [] : text.split(','));

const CONVERTERS = new Map<unknown, Convert>([
  [Number, toNumber],
  [Boolean, toBoolean],
  [Array, toList],
]);

const plans = new WeakMap<object, ReadonlyMap<string, Convert>>();

/** How each member of a query DTO is read from text, by the type that it is declared with. */
function planOf(dto: Dto<object>): ReadonlyMap<string, Convert> {
  let plan = plans.get(dto);
  if (plan === undefined) {
    const made = new Map<string, Convert>();
    const prototype = Reflect.getPrototypeOf(new dto()) ?? dto;
    for (const { propertyName } of getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false)) {
      const declared: unknown = Reflect.getMetadata('design:type', prototype, propertyName);
      const convert = CONVERTERS.get(declared);
      if (convert !== undefined) made.set(propertyName, convert);
    }
    plan = made;
    plans.set(dto, plan);
  }
  return plan;
}

/** The same for a query, whose numbers, booleans and lists (by commas) come as text. */
export function parseQueryShape<T extends object>(dto: Dto<T>, query: unknown): T {
  const plan = planOf(dto);
  const members: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(isPlainObject(query) ? query : {})) {
    members[name] = typeof text === 'string' ? (plan.get(name)?.(text) ?? text) : text;
  }
  return parseShape(dto, members);
}
