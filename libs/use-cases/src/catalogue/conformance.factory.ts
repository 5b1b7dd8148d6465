import { checkValue } from '../settings/check-value.js';
import type { Setting } from '../settings/setting-space.js';
import { kindOf, type Scalar, type ValueSchema } from '../settings/value-schema.js';
import type { UseCase } from '../use-case.js';

/** Values that one setting must take, and values that it must refuse. */
export interface SettingProbe {
  readonly setting: Setting;
  /** At both bounds, or each choice. */
  readonly good: readonly unknown[];
  /** Just outside, or of another type. */
  readonly bad: readonly { readonly value: unknown; readonly code: 'OUT_OF_BOUNDS' | 'INVALID_TYPE' }[];
}

/** What cannot be told from a schema: a value that the further rule of a setting takes. */
const WORDS: Readonly<Record<string, Readonly<{ good: readonly unknown[]; bad: unknown }>>> = {
  language: { good: ['de', 'pt-BR'], bad: 'no tag!' },
  time_zone: { good: ['UTC', 'Europe/Berlin'], bad: 'Mars/Olympus' },
  'text_chat.model': { good: ['default', 'fast', 'vision', 'judge'], bad: 'nobody:nothing' },
  'text_chat.json_schema': { good: [{}, { type: 'object' }], bad: { type: 'strnig' } },
};

/** Probes for every setting of a use case: the checks over the library and over the whole program share them. */
export function settingProbes({ settings }: UseCase): SettingProbe[] {
  return [...settings.space.settings.values()].map((setting) => {
    const schema = settings.schemaOf(setting);
    const words = WORDS[setting.path];
    const good = words === undefined ? insideOf(schema) : words.good;
    const outside = words === undefined ? outsideOf(schema) : [words.bad];
    return {
      setting,
      good,
      bad: [
        ...outside.map((value) => ({ value, code: 'OUT_OF_BOUNDS' as const })),
        { value: ofAnotherType(schema), code: 'INVALID_TYPE' as const },
      ],
    };
  });
}

/** A layer that sets one setting, under its flat name or nested. */
export function layerOf({ name }: Setting, value: unknown): Record<string, unknown> {
  const [group, member] = name.split('.', 2);
  return group === undefined || member === undefined ? { [name]: value } : { [group]: { [member]: value } };
}

/** Where a finding about a setting points. */
export function pointerTo({ name }: Setting, base: '/settings' | '/context'): string {
  return `${base}/${name.replace('.', '/')}`;
}

function insideOf(schema: ValueSchema): unknown[] {
  if (schema.enum !== undefined) return schema.enum.filter((choice) => choice !== null);
  const inside: Readonly<Record<string, () => unknown[]>> = {
    integer: () => [schema.minimum ?? 0, schema.maximum ?? 1],
    number: () => [schema.minimum ?? 0, schema.maximum ?? 1],
    boolean: () => [true, false],
    string: () => [letters(schema.minLength ?? 0), letters(schema.maxLength ?? 1)],
    array: () => [lists(schema, schema.minItems ?? 0), lists(schema, schema.maxItems ?? 1)],
    object: () => [{}],
  };
  return inside[kindOf(schema)]?.() ?? [];
}

function outsideOf(schema: ValueSchema): unknown[] {
  if (schema.enum !== undefined) return [notAmong(schema.enum)];
  const step = kindOf(schema) === 'integer' ? 1 : 0.001;
  return [
    ...beside(schema.minimum, (bound) => bound - step),
    ...beside(schema.maximum, (bound) => bound + step),
    ...beside(schema.minLength || undefined, (bound) => letters(bound - 1)),
    ...beside(schema.maxLength, (bound) => letters(bound + 1)),
    ...beside(schema.minItems || undefined, (bound) => lists(schema, bound - 1)),
    ...beside(schema.maxItems, (bound) => lists(schema, bound + 1)),
  ];
}

function beside<T>(bound: number | undefined, value: (bound: number) => T): T[] {
  return bound === undefined ? [] : [value(bound)];
}

function letters(length: number): string {
  return '😀'.repeat(length);
}

function lists({ items }: ValueSchema, length: number): unknown[] {
  const entries = items?.enum ?? Array.from({ length }, (_, index) => `entry ${index}`);
  return Array.from({ length }, (_, index) => entries[index % Math.max(1, entries.length)]);
}

function notAmong(choices: readonly Scalar[]): Scalar {
  return choices.every((choice) => typeof choice === 'boolean') ? !choices[0] : 'none of them';
}

function ofAnotherType(schema: ValueSchema): unknown {
  return [[], 'text', {}].find((value) => checkValue(schema, value, '')?.code === 'INVALID_TYPE');
}
