import { StartRefusal } from '@parley/platform/errors';
import { z } from 'zod';
import type { DeclaredValue } from '../settings/setting-space.js';

/** Short names of the nine components. */
export const COMPONENT_NAMES = [
  'text_chat',
  'multimodal',
  'search',
  'tools',
  'multi_agent',
  'router',
  'memory',
  'persona',
  'trace',
] as const;
export type ComponentName = (typeof COMPONENT_NAMES)[number];

const CATEGORIES = ['basic', 'specialized', 'multi_participant', 'context_memory', 'development'] as const;

const componentName = z.enum(COMPONENT_NAMES);
const slug = z.string().regex(/^[a-z0-9_]{1,64}$/, 'is no slug');
/** Any JSON Schema; whether it is one is asked where it is used. */
export const jsonSchemaObject = z.record(z.string(), z.unknown());

/** Caps above which no setting can go; what is left out is the product's default. */
export const limitsSchema = z.strictObject({
  wall_clock_seconds: z.number().min(5).max(3600).optional().describe('Longest run, waiting for a person apart.'),
  model_calls: z.number().int().min(1).max(200).optional().describe('Model calls of one run.'),
  cost_usd: z.number().min(0).optional().describe('What one run may spend.'),
  leave_seconds: z.number().min(1).max(30).optional().describe('Work on the way out, all components together.'),
});
export type Limits = z.infer<typeof limitsSchema>;

/** A message that shows what the use case is for; the conformance suite runs each. */
export const exampleSchema = z.strictObject({
  message: z.string().min(1).max(32_000),
  settings: z.record(z.string(), z.unknown()).optional(),
  note: z.string().min(1).max(400),
});
export type Example = z.infer<typeof exampleSchema>;

/** The members of a declaration that are plain data, the same for built-in folders and a deployment's YAML. */
export const plainDeclaration = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9_]{2,39}$/, 'must match [a-z][a-z0-9_]{2,39}'),
  title: z.string().min(1).max(60),
  description: z.string().min(1).max(400),
  category: z.enum(CATEGORIES),
  /** Grows with every change of schema or prompt; each run stores it. */
  version: z.number().int().min(1),
  /** As they are shown; the order of execution is fixed by kind. */
  components: z
    .array(componentName)
    .min(1)
    .max(9)
    .refine((names) => new Set(names).size === names.length, 'names a component twice'),
  /** The one that writes the response. */
  answers: componentName,
  /** Components whose failure fails the run; the answering one always is. */
  required: z.array(componentName).default([]),
  /** Flat name → component setting, such as `retrieval_threshold` → `search.threshold`. */
  expose: z.record(z.string(), z.string().regex(/^[a-z_]+\.[a-z_]+$/, 'must be <component>.<setting>')).default({}),
  /** Own defaults for component settings, by flat name or path. */
  defaults: z.record(z.string(), z.unknown()).default({}),
  /** Settings that only a deployment or an organisation sets, by flat name or path. */
  admin_only: z.array(z.string()).default([]),
  /** Boolean setting → the component that it switches off when false. */
  switches: z.record(z.string(), componentName).default({}),
  /** Built-in personas it speaks as; the first is the default. */
  personas: z.array(slug).max(20).default([]),
  /** The own setting whose value is the slug of the persona that speaks; without it the default persona does. */
  persona_setting: z.string().optional(),
  /** All tools that the model may call here. */
  tools: z.array(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'is no tool name')).default([]),
  limits: limitsSchema.default({}),
});
export type PlainDeclaration = z.infer<typeof plainDeclaration>;

/** A use case as it was declared, before anything is checked against components and prompts. */
export interface Declaration extends PlainDeclaration {
  /** Its own settings. */
  readonly settings: Readonly<Record<string, DeclaredValue>>;
  /** What a message's `context` may carry: `true` for a setting of this name or path, else a member of its own. */
  readonly context: Readonly<Record<string, true | DeclaredValue>>;
  /** Markdown with `{{placeholders}}` by name; `system` always. */
  readonly prompts: Readonly<Record<string, string>>;
  /** JSON Schemas of the structured answers it asks of a model, by the name of the call. */
  readonly calls: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Kind → JSON Schema of `data`: what it keeps in `/memories`. */
  readonly records: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly examples: readonly unknown[];
  /** Line of a pointer in the file it was read from, where that has lines. */
  readonly lineOf?: (pointer: string) => number;
}

/** Where a declaration comes from; reading it is left to the start of the program, which reports what is wrong. */
export interface UseCaseSource {
  readonly id: string;
  /** The folder, for messages to people. */
  readonly place: string;
  /** One that ships: the conformance suite has held it to its examples. */
  readonly builtIn: boolean;
  /** @throws DeclarationError */
  readonly read: () => Declaration;
}

/** One thing that is wrong with a file of the catalogue or of the deployment. */
export interface DeclarationProblem {
  readonly file: string;
  /** Line in that file, from 1, where it is known. */
  readonly line?: number | undefined;
  /** RFC 6901 pointer into the declaration. */
  readonly pointer: string;
  readonly reason: string;
}

/** Collects what is wrong with one declaration. */
export type ReportProblem = (pointer: string, reason: string) => void;

/** Stops the start: names every file, line, pointer and reason at once, and no value. */
export class DeclarationError extends StartRefusal {
  override readonly name = 'DeclarationError';

  constructor(readonly problems: readonly DeclarationProblem[]) {
    super(`The use cases cannot be loaded:\n${problems.map(sentence).join('\n')}`);
  }
}

function sentence({ file, line, pointer, reason }: DeclarationProblem): string {
  return `  ${file}${line === undefined ? '' : `:${line}`} ${pointer === '' ? '/' : pointer} ${reason}`;
}
