import { type Assignment, keyNamed } from './assignment.js';
import type { ConfigFinding } from './config.errors.js';
import type { Environment } from './environment.js';
import { olderKeys } from './shapes.js';
import { OLDER_KEK_PREFIX } from './short-names.js';
import { FILE_SUFFIX, readVariable } from './variable.js';

/** Adds each `PARLEY_KEK_<id>` to what sets `keys.older` otherwise. */
export function readOlderKeys(
  env: Environment,
  cwd: string,
  findings: ConfigFinding[],
  set: readonly Assignment[],
): Assignment[] {
  const key = keyNamed('keys.older');
  const before = set.findLast((assignment) => assignment.key === key)?.value ?? {};
  // What is no mapping is refused by the schema, on its own.
  if (key === undefined || typeof before !== 'object') return [];
  const found: Record<string, string> = {};
  let source = '';
  for (const name of namesIn(env)) {
    const variable = readVariable(env, name, cwd, findings);
    if (variable === undefined) continue;
    const id = name.slice(OLDER_KEK_PREFIX.length).toLowerCase();
    if (olderKeys.safeParse({ [id]: variable.text }).success) {
      found[id] = variable.text;
      source = variable.name;
    } else {
      const problem = `expected ${OLDER_KEK_PREFIX}<id> to hold base64 of 32 bytes, the first 12 hex digits of whose SHA-256 are <id>`;
      findings.push({ source: variable.name, problem });
    }
  }
  return source === '' ? [] : [{ key, value: { ...before, ...found }, source, from: 'environment' }];
}

/** Names without `_FILE` of all `PARLEY_KEK_<id>`, set in either way. */
function namesIn(env: Environment): string[] {
  const names = Object.keys(env)
    .filter((name) => name.startsWith(OLDER_KEK_PREFIX) && name !== `${OLDER_KEK_PREFIX}FILE`)
    .map((name) => (name.endsWith(FILE_SUFFIX) ? name.slice(0, -FILE_SUFFIX.length) : name));
  return [...new Set(names)].sort();
}
