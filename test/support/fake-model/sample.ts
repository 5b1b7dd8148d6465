import { isObject, listAt, objectAt } from './json.js';

/**
 * A small value that fits a JSON Schema: what the fake answers to a structured request without a script.
 * Knows objects, arrays, enums, constants and the lower bounds of numbers, strings and arrays.
 */
export function sample(schema: unknown, n: number): unknown {
  if (!isObject(schema)) return `reply ${n}`;
  if ('const' in schema) return schema['const'];
  const [first] = listAt(schema, 'enum');
  if (first !== undefined) return first;
  const [option] = [...listAt(schema, 'anyOf'), ...listAt(schema, 'oneOf')];
  if (option !== undefined) return sample(option, n);
  return sampleOfType(schema, n);
}

function sampleOfType(schema: Readonly<Record<string, unknown>>, n: number): unknown {
  switch (schema['type']) {
    case 'object':
      return Object.fromEntries(
        Object.entries(objectAt(schema, 'properties')).map(([name, member]) => [name, sample(member, n)]),
      );
    case 'array':
      return Array.from({ length: bound(schema, 'minItems', 1) }, () => sample(schema['items'], n));
    case 'number':
    case 'integer':
      return bound(schema, 'minimum', 0);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return `reply ${n}`.padEnd(bound(schema, 'minLength', 0), '.').slice(0, bound(schema, 'maxLength', 1000));
  }
}

function bound(schema: Readonly<Record<string, unknown>>, name: string, otherwise: number): number {
  const value = schema[name];
  return typeof value === 'number' ? value : otherwise;
}
