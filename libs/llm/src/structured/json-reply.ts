import { storable } from '../calls/text-hygiene.js';
import { isObject, parseJson } from '../providers/json.js';

const FENCED = /```(?:json)?\s*\n([\s\S]*?)\n?```/i;

/**
 * The JSON value in a model's reply: the reply itself, what is in its code fence, or from its first
 * bracket to the last. Undefined where there is none. Its texts can be stored: escapes like \u0000, which are
 * harmless while they are JSON, become U+FFFD.
 */
export function readJsonReply(text: string): unknown {
  const whole = parseJson(text.trim());
  if (whole !== undefined) return cleaned(whole);
  const fenced = parseJson(FENCED.exec(text)?.[1] ?? '');
  return cleaned(fenced ?? parseJson(outermost(text)));
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [storable(name), cleaned(member)]));
}

function outermost(text: string): string {
  const start = text.search(/[[{]/);
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return start < 0 || end < start ? '' : text.slice(start, end + 1);
}
