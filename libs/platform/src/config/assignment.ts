import type { ConfigFinding } from './config.errors.js';
import { type ConfigKey, describeConfig, describeSections } from './describe-config.js';

/** One key set by one layer. */
export interface Assignment {
  readonly key: ConfigKey;
  readonly value: unknown;
  /** The variable, or file and line, that set it. */
  readonly source: string;
  readonly from: 'file' | 'environment';
}

/** What one layer sets, and what is wrong with it. */
export interface Layer {
  readonly assignments: readonly Assignment[];
  readonly findings: readonly ConfigFinding[];
}

export const EMPTY_LAYER: Layer = { assignments: [], findings: [] };

const keysByName = new Map(describeConfig().map((key) => [key.name, key]));
const sectionNames = new Set(describeSections().map((section) => section.name));

export function keyNamed(name: string): ConfigKey | undefined {
  return keysByName.get(name);
}

export function isSection(name: string): boolean {
  return name === '' || sectionNames.has(name);
}

/** The name that a misspelt one most probably stands for. */
export function nearestKeyName(name: string): string {
  return nearest(name, [...keysByName.keys(), ...sectionNames]);
}

/** The name that begins like the word, else the one that takes the fewest edits to become it. */
export function nearest(word: string, known: readonly string[]): string {
  const longer = known.find((candidate) => candidate.startsWith(word));
  if (longer !== undefined) return longer;
  let best = '';
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, left] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...to].entries()) {
      const replaced = (row[j] ?? 0) + (left === right ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** Where to set a key: its short name where it has one, else the long one. */
export function variableOf(key: ConfigKey): string {
  return key.shortNames[0] ?? key.env;
}
