import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Declaration, Limits, PlainDeclaration, UseCaseSource } from './declaration/declaration.js';
import { DeclarationError, plainDeclaration } from './declaration/declaration.js';
import { type DeclaredValue, declareValue } from './settings/setting-space.js';

type Optional =
  | 'required'
  | 'expose'
  | 'defaults'
  | 'admin_only'
  | 'switches'
  | 'personas'
  | 'tools'
  | 'persona_setting';

/** One folder of the catalogue: data and pure functions on it. */
export interface UseCaseDefinition<S extends z.ZodRawShape>
  extends Omit<PlainDeclaration, Optional | 'limits'>,
    Partial<Pick<PlainDeclaration, Optional>> {
  /** `import.meta.dirname` of the declaration: its Markdown files are the prompts, `examples.json` its examples. */
  readonly folder: string;
  /** Own settings, each with a default, bounds and a description. */
  readonly settings: z.ZodObject<S>;
  /** What a message may carry: `true` for a setting of that name or path, a schema for a member of its own. */
  readonly context: Readonly<Record<string, true | z.ZodType>>;
  /** The structured answers it asks of a model. */
  readonly calls?: Readonly<Record<string, z.ZodType>>;
  /** Kind → `data` of the records it keeps. */
  readonly records?: Readonly<Record<string, z.ZodType>>;
  readonly limits?: Limits;
}

/** Declares a built-in use case. Its files are read, and everything is checked, when the program starts. */
export function defineUseCase<S extends z.ZodRawShape>(definition: UseCaseDefinition<S>): UseCaseSource {
  const { id, folder } = definition;
  return { id, place: folder, builtIn: true, read: () => readDefinition(definition) };
}

function readDefinition<S extends z.ZodRawShape>(definition: UseCaseDefinition<S>): Declaration {
  const { folder, settings, context, calls = {}, records = {}, ...plain } = definition;
  const parsed = plainDeclaration.safeParse(plain);
  if (!parsed.success) {
    throw new DeclarationError(
      parsed.error.issues.map(({ path, message }) => ({
        file: folder,
        pointer: `/${path.join('/')}`,
        reason: message,
      })),
    );
  }
  return {
    ...parsed.data,
    settings: mapValues(settings.shape, (type) => declareValue(asType(type))),
    context: mapValues(context, (type): true | DeclaredValue => (type === true ? true : declareValue(type))),
    prompts: readPrompts(folder),
    calls: mapValues(calls, (type) => z.toJSONSchema(type)),
    records: mapValues(records, (type) => z.toJSONSchema(type)),
    examples: z.array(z.unknown()).parse(JSON.parse(readFileSync(join(folder, 'examples.json'), 'utf8'))),
  };
}

/** Every Markdown file of a folder, by its name without the ending. */
export function readPrompts(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.md'));
  return Object.fromEntries(files.map((file) => [file.slice(0, -3), readFileSync(join(folder, file), 'utf8')]));
}

/** A member of a Zod object's shape, which Zod types loosely. */
export function asType(type: unknown): z.ZodType {
  if (!(type instanceof z.ZodType)) throw new Error('a setting is declared with zod, not zod/mini');
  return type;
}

export function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
