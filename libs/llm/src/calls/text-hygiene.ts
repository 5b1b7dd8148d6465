const SURROGATE = /[\ud800-\udfff]/;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const NUL = '\u0000';
const REPLACEMENT = '\ufffd';

/**
 * Makes a model's text storable without changing anything else: U+0000 and lone surrogates become U+FFFD,
 * and a surrogate pair that arrives in two pieces is held back until it is whole.
 */
export class TextHygiene {
  private held = '';

  /** The part of what has come so far that may be shown; may be empty. */
  push(piece: string): string {
    if (this.held === '' && !SURROGATE.test(piece)) return withoutNul(piece);
    let text = this.held + piece;
    this.held = '';
    if (isHighSurrogate(text.charCodeAt(text.length - 1))) {
      this.held = text.slice(-1);
      text = text.slice(0, -1);
    }
    return withoutNul(text.replace(LONE_SURROGATE, REPLACEMENT));
  }

  /** What was held back when nothing more comes. */
  end(): string {
    const rest = this.held === '' ? '' : REPLACEMENT;
    this.held = '';
    return rest;
  }
}

/** The same for a text that is there as a whole. */
export function storable(text: string): string {
  return withoutNul(text.toWellFormed());
}

function withoutNul(text: string): string {
  return text.includes(NUL) ? text.replaceAll(NUL, REPLACEMENT) : text;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
