import type { z } from 'zod';
import type { Assignment } from './assignment.js';
import type { ConfigFinding } from './config.errors.js';
import { type ConfigKey, describeConfig } from './describe-config.js';
import { expectation, schemaAt } from './expectation.js';
import { type Config, configSchema } from './schema.js';

export interface Validated {
  /** Complete; a refused key has its default here, so that the other keys can still be judged. */
  readonly config: Config;
  readonly findings: readonly ConfigFinding[];
  /** Names of the refused keys. */
  readonly refused: ReadonlySet<string>;
}

/** Checks what the layers set against the schema. Zod's own messages are not used: some quote the input. */
export function validate(settled: ReadonlyMap<string, Assignment>): Validated {
  const parsed = configSchema.safeParse(treeOf([...settled.values()]));
  if (parsed.success) return { config: parsed.data, findings: [], refused: new Set() };
  const findings = new Map<string, ConfigFinding>();
  const refused = new Set<string>();
  for (const issue of parsed.error.issues) {
    const key = keyOf(issue.path);
    const assignment = settled.get(key.name);
    // Only what was set can be refused: every key has a default that its schema takes.
    if (assignment === undefined) throw new Error(`the default of ${key.name} does not fit its own schema`);
    refused.add(key.name);
    const finding = describeIssue(issue, assignment);
    findings.set(`${finding.source} ${finding.problem}`, finding);
  }
  const sound = [...settled.values()].filter(({ key }) => !refused.has(key.name));
  return { config: configSchema.parse(treeOf(sound)), findings: [...findings.values()], refused };
}

function keyOf(path: readonly PropertyKey[]): ConfigKey {
  const key = describeConfig().find((candidate) => candidate.path.every((step, index) => path[index] === step));
  if (key === undefined) throw new Error('an issue lies outside every key');
  return key;
}

/** A file's own key path is shown down to the fault; inside a variable everything is its value. */
function describeIssue(issue: z.core.$ZodIssue, { key, source, from }: Assignment): ConfigFinding {
  const place = issue.path.slice(key.path.length);
  if (from === 'environment') return { source, problem: `expected ${key.expected}` };
  const inside = place.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  if (issue.code === 'unrecognized_keys')
    return { source: `${source}${inside}`, problem: `there is no such member: ${issue.keys.join(', ')}` };
  return { source: `${source}${inside}`, problem: `expected ${expectation(schemaAt(key.schema, place))}` };
}

type Tree = { [name: string]: unknown };

function treeOf(assignments: readonly Assignment[]): Tree {
  const root: Tree = {};
  for (const { key, value } of assignments) {
    let level = root;
    for (const step of key.path.slice(0, -1)) {
      const inner = level[step];
      const next = isTree(inner) ? inner : {};
      level[step] = next;
      level = next;
    }
    const last = key.path.at(-1);
    if (last !== undefined) level[last] = value;
  }
  return root;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}
