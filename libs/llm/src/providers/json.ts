/** Narrowing of what a provider sent: unknown until looked at. By hand, because it runs once a token. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textAt(value: unknown, member: string): string | null {
  const found = isObject(value) ? value[member] : undefined;
  return typeof found === 'string' ? found : null;
}

export function numberAt(value: unknown, member: string): number | null {
  const found = isObject(value) ? value[member] : undefined;
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}

export function memberAt(value: unknown, member: string): unknown {
  return isObject(value) ? value[member] : undefined;
}

export function listAt(value: unknown, member: string): readonly unknown[] {
  const found = memberAt(value, member);
  return Array.isArray(found) ? found : [];
}

/** The parsed text, or undefined where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
