import { z } from 'zod';
import { expectation, membersOf, numberBounds, unwrap } from './expectation.js';
import { configSchema } from './schema.js';
import { SHORT_NAMES } from './short-names.js';

export type ConfigKeyType = 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'mapping';

/** One configuration key as documents, checks and the environment see it. */
export interface ConfigKey {
  readonly path: readonly string[];
  /** The path with dots, as written in refusals and documents. */
  readonly name: string;
  /** `PARLEY__SECTION__KEY`. */
  readonly env: string;
  readonly shortNames: readonly string[];
  readonly type: ConfigKeyType;
  readonly nullable: boolean;
  readonly default: unknown;
  readonly bounds: { readonly min: number | undefined; readonly max: number | undefined };
  readonly choices: readonly string[];
  /** Ends the sentence "expected …". */
  readonly expected: string;
  readonly description: string;
  readonly secret: boolean;
  readonly schema: z.core.$ZodType;
}

/** A level of the configuration that holds keys and further levels. */
export interface ConfigSection {
  readonly name: string;
  readonly description: string;
}

const NO_BOUNDS = { min: undefined, max: undefined };

/** Every key of the configuration in the order of the schema. */
export function describeConfig(): readonly ConfigKey[] {
  return tree.keys;
}

/** Every section (`http`, `log.file`, `models.providers.openai` …) in the order of the schema. */
export function describeSections(): readonly ConfigSection[] {
  return tree.sections;
}

/** The keys that stand directly in a section; '' is the top level. */
export function keysIn(section: string): readonly ConfigKey[] {
  return tree.keys.filter(({ path }) => path.slice(0, -1).join('.') === section);
}

function walk(): { keys: ConfigKey[]; sections: ConfigSection[] } {
  const keys: ConfigKey[] = [];
  const sections: ConfigSection[] = [];
  const visit = (schema: z.ZodObject, path: readonly string[]): void => {
    for (const [name, member] of membersOf(schema)) {
      const here = [...path, name];
      const inner = unwrap(member);
      if (inner.schema instanceof z.ZodObject) {
        sections.push({ name: here.join('.'), description: inner.description ?? '' });
        visit(inner.schema, here);
      } else keys.push(describeKey(member, here));
    }
  };
  visit(configSchema, []);
  return { keys, sections };
}

function describeKey(member: z.core.$ZodType, path: readonly string[]): ConfigKey {
  const inner = unwrap(member);
  const name = path.join('.');
  return {
    path,
    name,
    env: `PARLEY__${path.map((step) => step.toUpperCase()).join('__')}`,
    shortNames: Object.keys(SHORT_NAMES).filter((short) => SHORT_NAMES[short] === name),
    type: typeOf(inner.schema),
    nullable: inner.nullable,
    default: member instanceof z.ZodDefault ? member.def.defaultValue : undefined,
    bounds: inner.schema instanceof z.ZodNumber ? numberBounds(inner.schema) : NO_BOUNDS,
    choices: inner.schema instanceof z.ZodEnum ? inner.schema.options.map(String) : [],
    expected: expectation(member),
    description: inner.description ?? '',
    secret: inner.secret,
    schema: member,
  };
}

function typeOf(schema: z.core.$ZodType): ConfigKeyType {
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodEnum) return 'choice';
  if (schema instanceof z.ZodArray) return 'list';
  if (schema instanceof z.ZodRecord) return 'mapping';
  return 'text';
}

const tree = walk();
