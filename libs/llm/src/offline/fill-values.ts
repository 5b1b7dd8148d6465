import { codePointPrefix } from '@parley/platform/text';
import type { JsonObject } from '../providers/json.js';
import type { Conversation, Passage } from './conversation.js';
import { FORMATS } from './formats.js';
import { textOfPattern } from './pattern.js';
import { rank } from './ranking.js';
import { headlineOf } from './reply.js';
import { sentences, shorten, terms } from './words.js';

const NUMBER = /(?<![\w.])-?\d{1,15}(?:\.\d{1,10})?(?![\w]|\.\d)/g;
const NEGATION = /\b(no|not|never|none|without|isn't|doesn't|don't|nicht|kein|keine|nie)\b/i;
const HEADLINE = /\b(title|name|topic|subject|headline|label)\b/i;
const HEADLINE_LENGTH = 80;
const STRING_LENGTH = 2000;

/** What the values are taken from. */
export interface Material {
  readonly conversation: Conversation;
  /** The last message first, because it is what the values are about; then everything else. */
  readonly passages: readonly Passage[];
  /** The last message and everything before it. */
  readonly text: string;
}

export function materialOf(conversation: Conversation): Material {
  const asked = sentences(conversation.question).map((text) => ({ source: 'You', text }));
  const passages = [...asked, ...conversation.passages];
  return { conversation, passages, text: passages.map(({ text }) => text).join('\n') };
}

/** The option that the text speaks of, the last one named; else by position. */
export function pickOne(options: readonly unknown[], hint: string, index: number, material: Material): unknown {
  const text = material.text.toLowerCase();
  const spoken = options
    .filter((option) => typeof option === 'string' && option !== '' && holdsWord(text, option.toLowerCase()))
    .toSorted((a, b) => text.lastIndexOf(String(b).toLowerCase()) - text.lastIndexOf(String(a).toLowerCase()));
  const ordered = [...spoken, ...options.filter((option) => !spoken.includes(option) && option !== null), ...options];
  return ordered[index % Math.max(1, ordered.length)] ?? shorten(hint, HEADLINE_LENGTH);
}

function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const around = `${text[at - 1] ?? ' '}${text[at + word.length] ?? ' '}`;
    if (!/[\p{L}\p{N}]/u.test(around)) return true;
  }
  return false;
}

/** A number of the text that stands with the hint's words and fits; else the least that is allowed. */
export function fillNumber(schema: JsonObject, hint: string, material: Material): number {
  const fits = fitOf(schema);
  const near = rank(hint, material.passages).flatMap(({ text }) =>
    [...text.matchAll(NUMBER)].map(([digits]) => Number(digits)),
  );
  return near.find((value) => fits(value) === value) ?? fits(0);
}

/** Moves a number to the nearest one that the schema allows. */
function fitOf(schema: JsonObject): (value: number) => number {
  const whole = schema['type'] === 'integer';
  const at = (name: string): number | null => (typeof schema[name] === 'number' ? schema[name] : null);
  const step = at('multipleOf') ?? (whole ? 1 : null);
  const above = at('exclusiveMinimum');
  const below = at('exclusiveMaximum');
  const margin = step ?? (above !== null && below !== null ? (below - above) / 2 : 1e-3);
  const least = Math.max(
    at('minimum') ?? Number.NEGATIVE_INFINITY,
    above === null ? Number.NEGATIVE_INFINITY : above + margin,
  );
  const most = Math.min(
    at('maximum') ?? Number.POSITIVE_INFINITY,
    below === null ? Number.POSITIVE_INFINITY : below - margin,
  );
  return (value) => {
    const inside = Math.min(Math.max(value, least), most);
    if (step === null) return inside;
    const down = Math.floor(inside / step) * step;
    const stepped = down >= least && down <= most ? down : Math.ceil(least / step) * step;
    return Number(stepped.toFixed(10));
  };
}

/** True where the text speaks of the hint and does not deny it. */
export function fillTruth(hint: string, material: Material): boolean {
  const [best] = rank(hint, material.passages);
  return best !== undefined && !NEGATION.test(best.text);
}

/** A sentence that bears on the hint, the last message where none does, brought to the lengths that are allowed. */
export function fillString(schema: JsonObject, hint: string, index: number, material: Material): string {
  const { format, pattern, minLength, maxLength } = schema;
  const least = typeof minLength === 'number' ? minLength : 0;
  const most = typeof maxLength === 'number' ? maxLength : Math.max(least, STRING_LENGTH);
  const known = typeof format === 'string' ? FORMATS[format] : undefined;
  if (known !== undefined) return known.expression.exec(material.text)?.[0] ?? known.otherwise;
  if (typeof pattern === 'string') return textOfPattern(pattern, material.text) ?? '';
  return lengthened(shorten(proseFor(hint, index, material), most), least, material.text);
}

function proseFor(hint: string, index: number, material: Material): string {
  if (HEADLINE.test(hint) && index === 0) return headlineOf(material.conversation, HEADLINE_LENGTH);
  const bearing = terms(hint).length === 0 ? [] : rank(hint, material.passages);
  const ordered = [...new Set([...bearing, ...material.passages])];
  return ordered[index]?.text ?? `Item ${index + 1}`;
}

function lengthened(text: string, least: number, more: string): string {
  let result = text;
  while ([...result].length < least) result = `${result} ${more.trim() || '…'}`;
  return result === text ? text : codePointPrefix(result, Math.max(least, [...text].length));
}
