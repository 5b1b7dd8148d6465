import { nearestWord } from '../text/index.js';
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
  return known.find((candidate) => candidate.startsWith(word)) ?? nearestWord(word, known) ?? '';
}

/** Where to set a key: its short name where it has one, else the long one. */
export function variableOf(key: ConfigKey): string {
  return key.shortNames[0] ?? key.env;
}
