import { parseJson } from '../providers/json.js';

const FENCED = /```(?:json)?\s*\n([\s\S]*?)\n?```/i;

/**
 * The JSON value in a model's reply: the reply itself, what is in its code fence, or from its first
 * bracket to the last. Undefined where there is none.
 */
export function readJsonReply(text: string): unknown {
  const whole = parseJson(text.trim());
  if (whole !== undefined) return whole;
  const fenced = parseJson(FENCED.exec(text)?.[1] ?? '');
  return fenced ?? parseJson(outermost(text));
}

function outermost(text: string): string {
  const start = text.search(/[[{]/);
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return start < 0 || end < start ? '' : text.slice(start, end + 1);
}
