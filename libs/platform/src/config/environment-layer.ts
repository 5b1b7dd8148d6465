import { type Assignment, type Layer, nearest } from './assignment.js';
import type { ConfigFinding } from './config.errors.js';
import { type ConfigKey, type ConfigKeyType, describeConfig } from './describe-config.js';
import type { Environment } from './environment.js';
import { readOlderKeys } from './older-keys.js';
import { FILE_SUFFIX, readVariable } from './variable.js';

/** What the environment sets. An empty variable counts as not set. */
export function readEnvironmentLayer(env: Environment, cwd: string): Layer {
  const findings: ConfigFinding[] = [];
  const assignments: Assignment[] = [];
  for (const key of describeConfig()) {
    // The last one set counts: the long name over the short ones.
    for (const name of [...key.shortNames, key.env]) {
      const found = readVariable(env, name, cwd, findings);
      if (found !== undefined)
        assignments.push({ key, value: coerce(key, found.text), source: found.name, from: 'environment' });
    }
  }
  assignments.push(...readOlderKeys(env, cwd, findings, assignments));
  findings.push(...unknownVariables(env));
  return { assignments, findings };
}

/** Text to what the key's type asks for; what does not fit stays text, and the schema refuses it. */
function coerce(key: ConfigKey, text: string): unknown {
  const trimmed = text.trim();
  return key.nullable && trimmed === 'null' ? null : COERCE[key.type](text, trimmed);
}

const BOOLEANS = new Map([
  ['true', true],
  ['false', false],
]);

const COERCE: Readonly<Record<ConfigKeyType, (text: string, trimmed: string) => unknown>> = {
  text: (text) => text,
  choice: (text) => text,
  number: (text, trimmed) => (/^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text),
  boolean: (text, trimmed) => BOOLEANS.get(trimmed) ?? text,
  list: (_text, trimmed) => (trimmed.startsWith('[') ? parseJson(trimmed) : split(trimmed)),
  mapping: (_text, trimmed) => parseJson(trimmed),
};

function split(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is no list or mapping either: the schema says so, without quoting it.
    return text;
  }
}

function unknownVariables(env: Environment): ConfigFinding[] {
  const known = describeConfig().map((key) => key.env);
  const accepted = new Set(known.flatMap((name) => [name, `${name}${FILE_SUFFIX}`]));
  return Object.keys(env)
    .filter((name) => /^PARLEY__/i.test(name) && !accepted.has(name))
    .sort()
    .map((name) => ({
      source: name,
      problem: `there is no such key; the nearest is ${nearest(name.toUpperCase(), known)}`,
    }));
}
