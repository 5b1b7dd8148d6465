/** Deterministic stand-in for a tokenizer: four UTF-16 code units a token, rounded up. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Each word with the white space behind it: joined they are the text. */
export function words(text: string): readonly string[] {
  return text.match(/\s*\S+\s*/g) ?? (text === '' ? [] : [text]);
}

/**
 * An embedding of hashed word bags: every word adds 1 at the place its hash names, then the vector is
 * normalised. Same text, same vector; texts that share words are near each other.
 */
export function wordBag(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const place = fnv1a(word) % dimensions;
    vector[place] = (vector[place] ?? 0) + 1;
  }
  const norm = Math.hypot(...vector);
  return norm === 0 ? vector : vector.map((value) => value / norm);
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}
