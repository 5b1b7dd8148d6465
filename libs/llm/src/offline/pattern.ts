import { withinTime } from '../structured/within-time.js';

/** A pattern may come from a user and take for ever. */
const MATCH_MS = 50;
const MAX_REPEAT = 1000;

/** Characters that stand for a class, one each. */
const CLASSES: Readonly<Record<string, string>> = { d: '0', D: 'a', w: 'a', W: '-', s: ' ', S: 'a' };
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };

/**
 * A text that a pattern matches: a word or line of `text` where one does, else the shortest we can make. Null: neither.
 */
export function textOfPattern(pattern: string, text: string): string | null {
  const expression = compiled(pattern);
  if (expression === null) return null;
  const matches = (candidate: string): boolean => withinTime(MATCH_MS, () => expression.test(candidate)) === true;
  const found = withinTime(MATCH_MS, () => {
    const candidates = [...text.split(/\n/), ...text.split(/[\s,;:!?()"“”]+/)].filter((part) => part !== '');
    return candidates.find((candidate) => expression.test(candidate)) ?? null;
  });
  if (found !== 'too long' && found !== null) return found;
  const made = new Maker(pattern).make();
  return made !== null && matches(made) ? made : null;
}

function compiled(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return null;
  }
}

/**
 * Writes the shortest text for the common part of regular expressions: characters, classes, groups, the first
 * of several alternatives, and counts. Gives up on look-around and back references.
 */
class Maker {
  private at = 0;

  constructor(private readonly pattern: string) {}

  make(): string | null {
    const made = this.alternatives();
    return this.at < this.pattern.length ? null : made;
  }

  private alternatives(): string | null {
    const first = this.sequence();
    while (this.take('|')) if (this.sequence() === null) return null;
    return first;
  }

  private sequence(): string | null {
    let text = '';
    while (this.at < this.pattern.length && !this.sees('|') && !this.sees(')')) {
      const atom = this.atom();
      if (atom === null) return null;
      text += atom.repeat(this.count());
    }
    return text;
  }

  private atom(): string | null {
    const character = this.pattern[this.at] ?? '';
    this.at += 1;
    switch (character) {
      case '^':
      case '$':
        return '';
      case '.':
        return 'a';
      case '(':
        return this.group();
      case '[':
        return this.set();
      case '\\':
        return this.escape();
      default:
        return character;
    }
  }

  private group(): string | null {
    if (this.take('?') && !this.take(':')) return null;
    const inner = this.alternatives();
    return this.take(')') ? inner : null;
  }

  private escape(): string | null {
    const letter = this.pattern[this.at] ?? '';
    this.at += 1;
    if (letter === 'b') return '';
    if (/[0-9kpPuxcB]/.test(letter)) return null;
    return CLASSES[letter] ?? CONTROLS[letter] ?? letter;
  }

  /** The first character of a set; for a negated one some character that is not in it. */
  private set(): string | null {
    const start = this.at;
    const negated = this.take('^');
    let first: string | null = null;
    while (this.at < this.pattern.length && (!this.sees(']') || this.at === start)) {
      const member = this.take('\\') ? this.escape() : (this.pattern[this.at++] ?? '');
      first ??= member;
    }
    if (!this.take(']')) return null;
    if (!negated) return first;
    const set = compiled(`^[${this.pattern.slice(start, this.at - 1)}]$`);
    return [...'aA0 -_.'].find((candidate) => set?.test(candidate) === true) ?? null;
  }

  /** How often the atom before is needed at least. */
  private count(): number {
    const counted = /^(?:[?*]|\{(\d+)(?:,\d*)?\}|\+)\??/.exec(this.pattern.slice(this.at));
    if (counted === null) return 1;
    this.at += counted[0].length;
    if (counted[1] !== undefined) return Math.min(Number(counted[1]), MAX_REPEAT);
    return counted[0].startsWith('+') ? 1 : 0;
  }

  private sees(character: string): boolean {
    return this.pattern[this.at] === character;
  }

  private take(character: string): boolean {
    if (!this.sees(character)) return false;
    this.at += 1;
    return true;
  }
}
