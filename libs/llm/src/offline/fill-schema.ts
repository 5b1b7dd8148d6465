import { isObject, type JsonObject } from '../providers/json.js';
import type { Conversation } from './conversation.js';
import { fillNumber, fillString, fillTruth, type Material, materialOf, pickOne } from './fill-values.js';

/** Ways of filling one schema: they differ in which options and optional members are taken. */
export const VARIANTS = 8;
/** From this variant on only required members are filled. */
const SPARSE = 4;
const MAX_DEPTH = 12;
const LIST_LENGTH = 3;

interface Filling {
  readonly root: JsonObject;
  readonly material: Material;
  readonly variant: number;
}

/** Where in the schema we are. */
interface Place {
  /** Words that name what is asked: the member's name and its description. */
  readonly hint: string;
  readonly depth: number;
  /** Position in a list, so that its items differ. */
  readonly index: number;
}

/**
 * A value of the shape of a JSON Schema (2020-12), taken from the conversation as far as it has something that
 * fits, else the least that the schema allows. Deterministic; whether it validates is for the caller to check.
 */
export function fillSchema(schema: unknown, conversation: Conversation, variant: number): unknown {
  const root = isObject(schema) ? schema : {};
  return fill(root, { hint: '', depth: 0, index: 0 }, { root, material: materialOf(conversation), variant });
}

function fill(raw: unknown, place: Place, filling: Filling): unknown {
  const schema = resolved(raw, filling);
  const hint = [place.hint, schema['title'], schema['description']]
    .filter((part) => typeof part === 'string')
    .join(' ');
  const here = { ...place, hint, depth: place.depth + 1 };
  if ('const' in schema) return schema['const'];
  const options = schema['enum'];
  if (Array.isArray(options)) return pickOne(options, hint, place.index, filling.material);
  switch (typeOf(schema, filling.variant)) {
    case 'object':
      return fillObject(schema, here, filling);
    case 'array':
      return fillArray(schema, here, filling);
    case 'integer':
    case 'number':
      return fillNumber(schema, hint, filling.material);
    case 'boolean':
      return fillTruth(hint, filling.material);
    case 'null':
      return null;
    default:
      return fillString(schema, hint, place.index, filling.material);
  }
}

/** The schema with references followed, `allOf` merged and one option of `anyOf` and `oneOf` taken. */
function resolved(raw: unknown, filling: Filling): JsonObject {
  let schema: JsonObject = isObject(raw) ? raw : {};
  for (let step = 0; step < MAX_DEPTH; step += 1) {
    const { $ref: reference, allOf, anyOf, oneOf, ...rest } = schema;
    if (typeof reference === 'string')
      schema = merged({ ...rest, ...defined({ allOf, anyOf, oneOf }) }, pointedAt(reference, filling.root));
    else if (Array.isArray(allOf)) schema = allOf.reduce<JsonObject>(merged, { ...rest, ...defined({ anyOf, oneOf }) });
    else if (Array.isArray(anyOf)) schema = merged({ ...rest, ...defined({ oneOf }) }, option(anyOf, filling.variant));
    else if (Array.isArray(oneOf)) schema = merged(rest, option(oneOf, filling.variant));
    else return schema;
  }
  return schema;
}

function defined(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Options that say something come before null. */
function option(options: readonly unknown[], variant: number): unknown {
  const saying = options.filter((one) => !isObject(one) || one['type'] !== 'null');
  const ordered = [...saying, ...options.filter((one) => !saying.includes(one))];
  return ordered[variant % ordered.length];
}

function merged(one: JsonObject, other: unknown): JsonObject {
  if (!isObject(other)) return one;
  const properties = { ...objectIn(one, 'properties'), ...objectIn(other, 'properties') };
  const required = [...new Set([...namesIn(one), ...namesIn(other)])];
  return {
    ...one,
    ...other,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
  };
}

/** What a reference inside the same document points at. */
function pointedAt(reference: string, root: JsonObject): unknown {
  if (!reference.startsWith('#')) return {};
  const steps = decodeURIComponent(reference.slice(1)).split('/').slice(1);
  return steps.reduce<unknown>((value, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return isObject(value) || Array.isArray(value) ? Reflect.get(value, name) : undefined;
  }, root);
}

function typeOf(schema: JsonObject, variant: number): string {
  const { type } = schema;
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) {
    const saying = type.filter((one) => one !== 'null');
    return String(saying[variant % Math.max(1, saying.length)] ?? 'null');
  }
  if ('properties' in schema || 'required' in schema) return 'object';
  if ('items' in schema || 'prefixItems' in schema) return 'array';
  return 'minimum' in schema || 'maximum' in schema ? 'number' : 'string';
}

function fillObject(schema: JsonObject, place: Place, filling: Filling): JsonObject {
  const properties = objectIn(schema, 'properties');
  const required = namesIn(schema);
  const sparse = filling.variant >= SPARSE || place.depth > MAX_DEPTH;
  const optional = sparse ? [] : Object.keys(properties).filter((name) => !required.includes(name));
  const most = numberIn(schema, 'maxProperties') ?? Number.POSITIVE_INFINITY;
  const names = [...required, ...optional].slice(0, Math.max(required.length, most));
  for (let extra = 1; names.length < (numberIn(schema, 'minProperties') ?? 0); extra += 1) names.push(`item_${extra}`);
  return Object.fromEntries(
    names.map((name) => {
      const member = properties[name] ?? schema['additionalProperties'];
      return [name, fill(member, { ...place, hint: `${place.depth > 2 ? place.hint : ''} ${wordsOf(name)}` }, filling)];
    }),
  );
}

function fillArray(schema: JsonObject, place: Place, filling: Filling): readonly unknown[] {
  const least = numberIn(schema, 'minItems') ?? ('contains' in schema ? 1 : 0);
  const most = numberIn(schema, 'maxItems') ?? Number.POSITIVE_INFINITY;
  const fixed: readonly unknown[] = Array.isArray(schema['prefixItems']) ? schema['prefixItems'] : [];
  const wanted =
    filling.variant >= SPARSE || place.depth > MAX_DEPTH ? least : Math.max(least, fixed.length, LIST_LENGTH);
  const items = Array.from({ length: Math.min(wanted, most) }, (_, index) => {
    const item = fixed[index] ?? (index < fixed.length + 1 ? schema['contains'] : undefined) ?? schema['items'];
    return fill(item, { ...place, index }, filling);
  });
  if (schema['uniqueItems'] !== true) return items;
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = JSON.stringify(item);
    const fresh = !seen.has(key);
    seen.add(key);
    return fresh;
  });
}

/** `candidateName` and `candidate_name` as words. */
function wordsOf(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll(/[_-]+/g, ' ');
}

function objectIn(schema: JsonObject, name: string): JsonObject {
  const value = schema[name];
  return isObject(value) ? value : {};
}

function namesIn(schema: JsonObject): string[] {
  const { required } = schema;
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

function numberIn(schema: JsonObject, name: string): number | null {
  const value = schema[name];
  return typeof value === 'number' ? value : null;
}
