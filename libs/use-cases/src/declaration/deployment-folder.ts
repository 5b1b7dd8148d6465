import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathOf } from '@parley/platform/errors';
import { z } from 'zod';
import { mapValues, readPrompts } from '../define-use-case.js';
import { CONVERSATION_CONTEXT, CONVERSATION_EXPOSE, conversationSettings } from '../settings/conversation.settings.js';
import { type DeclaredValue, declareValue } from '../settings/setting-space.js';
import { type ValueSchema, valueSchema } from '../settings/value-schema.js';
import {
  type Declaration,
  DeclarationError,
  jsonSchemaObject,
  plainDeclaration,
  type UseCaseSource,
} from './declaration.js';
import { readYamlFile, type YamlFile } from './yaml-file.js';

const DECLARATION_FILE = 'use-case.yaml';
const EXAMPLES_FILE = 'examples.json';

/** The members of a built-in declaration as YAML; settings in the vocabulary of JSON Schema that Zod ones end in. */
const deploymentDeclaration = plainDeclaration.extend({
  settings: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'is no name of a setting'), valueSchema).default({}),
  context: z.record(z.string(), z.union([z.literal(true), valueSchema])).default({}),
  calls: z.record(z.string(), jsonSchemaObject).default({}),
  records: z.record(z.string(), jsonSchemaObject).default({}),
  /** Here or in `examples.json`. */
  examples: z.array(z.unknown()).optional(),
});

/** A deployment's own use case: a folder of `use-case.yaml`, Markdown prompts and `examples.json`. */
export function deploymentUseCase(folder: string): UseCaseSource {
  const id = basename(folder);
  return { id, place: join(folder, DECLARATION_FILE), builtIn: false, read: () => readFolder(folder) };
}

function readFolder(folder: string): Declaration {
  const file = readYamlFile(join(folder, DECLARATION_FILE));
  const { settings, context, examples, ...declared } = parseDeclaration(file);
  const conversational = declared.components.includes('text_chat');
  return {
    ...declared,
    expose: { ...(conversational ? CONVERSATION_EXPOSE : {}), ...declared.expose },
    settings: { ...mapValues(conversationSettings.shape, declareValue), ...mapValues(settings, plainValue) },
    context: { ...(conversational ? CONVERSATION_CONTEXT : { language: true }), ...mapValues(context, contextMember) },
    prompts: readPrompts(folder),
    examples: examples ?? readExamples(folder),
    lineOf: (pointer) => file.lineOf(pathOf(pointer)),
  };
}

function parseDeclaration(file: YamlFile): z.infer<typeof deploymentDeclaration> {
  const parsed = deploymentDeclaration.safeParse(file.value);
  if (parsed.success) return parsed.data;
  throw new DeclarationError(parsed.error.issues.map(({ path, message }) => file.problem(path, message)));
}

function readExamples(folder: string): unknown[] {
  const file = join(folder, EXAMPLES_FILE);
  if (!existsSync(file)) return [];
  try {
    return z.array(z.unknown()).parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new DeclarationError([{ file, pointer: '', reason: 'is no list in JSON' }]);
  }
}

function plainValue(schema: ValueSchema): DeclaredValue {
  return { schema, check: () => null };
}

function contextMember(member: true | ValueSchema): true | DeclaredValue {
  return member === true ? true : plainValue(member);
}
