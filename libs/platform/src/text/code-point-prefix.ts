/** The first so many code points of a text: no pair of surrogates is cut in two. */
export function codePointPrefix(text: string, most: number): string {
  // No code point is longer than two units: of a long text no more is looked at.
  return [...text.slice(0, most * 2)].slice(0, most).join('');
}
