/** What nodes say to each other by NOTIFY. `n` is the node that speaks. */
export type NotifyWord =
  | { readonly n: string; readonly w: Readonly<Record<string, number>> }
  /** `new`: I listen from now on. `again`: I was away and may have said things that nobody heard. */
  | { readonly n: string; readonly hello: 'new' | 'again' }
  /** The answer to a hello: I am here too. */
  | { readonly n: string; readonly welcome: string }
  | { readonly n: string; readonly bye: true };

/** Undefined for what is none of these words: another program may use the channel too. */
export function parseNotifyWord(payload: string): NotifyWord | undefined {
  const value = parseObject(payload);
  const n = value?.['n'];
  if (value === undefined || typeof n !== 'string') return undefined;
  const { w, hello, welcome, bye } = value;
  if (isNumbers(w)) return { n, w };
  if (hello === 'new' || hello === 'again') return { n, hello };
  if (typeof welcome === 'string') return { n, welcome };
  return bye === true ? { n, bye } : undefined;
}

/** The object that a JSON text holds; undefined for any other text. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every((member) => typeof member === 'number');
}
