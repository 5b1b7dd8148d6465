/** Narrowing of parsed JSON: what a client sent is unknown until looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member as an object; an empty one where it is something else. */
export function objectAt(value: unknown, member: string): JsonObject {
  const found = isObject(value) ? value[member] : undefined;
  return isObject(found) ? found : {};
}

export function listAt(value: unknown, member: string): readonly unknown[] {
  const found: unknown = isObject(value) ? value[member] : undefined;
  return Array.isArray(found) ? found : [];
}

export function textAt(value: unknown, member: string): string | null {
  const found = isObject(value) ? value[member] : undefined;
  return typeof found === 'string' ? found : null;
}

/** Text of a message's content, which is a string or a list of parts with `text`. */
export function textOfContent(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => textAt(part, 'text') ?? '').join('');
}
