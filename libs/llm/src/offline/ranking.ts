import type { Passage } from './conversation.js';
import { terms } from './words.js';

/** Saturation and length normalisation of BM25 (Robertson and Zaragoza, 2009), with its usual values. */
const K1 = 1.2;
const B = 0.75;

/**
 * The passages that share words with a question, best first; later ones win where two are equal, because
 * what was said last holds. Doubles are left out.
 */
export function rank(question: string, passages: readonly Passage[]): readonly Passage[] {
  const wanted = new Set(terms(question));
  if (wanted.size === 0) return [];
  const bags = passages.map(({ text }) => terms(text));
  const meanLength = bags.reduce((sum, bag) => sum + bag.length, 0) / Math.max(1, bags.length);
  const rarity = new Map([...wanted].map((term) => [term, rarityOf(term, bags)]));
  const scored = passages.map((passage, index) => {
    return { passage, index, score: score(bags[index] ?? [], rarity, meanLength) };
  });
  const best = scored.filter((entry) => entry.score > 0).sort((a, b) => b.score - a.score || b.index - a.index);
  return withoutDoubles(best.map(({ passage }) => passage));
}

/** The sentences that say most of what the others say too, in their own order: a summary by quotation. */
export function mostCentral(passages: readonly Passage[], count: number): readonly Passage[] {
  const bags = passages.map(({ text }) => new Set(terms(text)));
  const frequency = new Map<string, number>();
  for (const bag of bags) for (const term of bag) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  const weights = bags.map((bag) => {
    const shared = [...bag].reduce((sum, term) => sum + (frequency.get(term) ?? 0), 0);
    return shared / Math.sqrt(Math.max(4, bag.size));
  });
  const chosen = new Set(
    withoutDoubles(
      passages.toSorted((a, b) => (weights[passages.indexOf(b)] ?? 0) - (weights[passages.indexOf(a)] ?? 0)),
    ).slice(0, count),
  );
  return passages.filter((passage) => chosen.has(passage));
}

function score(bag: readonly string[], rarity: ReadonlyMap<string, number>, meanLength: number): number {
  let sum = 0;
  for (const [term, weight] of rarity) {
    const count = bag.filter((word) => word === term).length;
    if (count > 0) sum += (weight * count * (K1 + 1)) / (count + K1 * (1 - B + (B * bag.length) / meanLength));
  }
  return sum;
}

function rarityOf(term: string, bags: readonly (readonly string[])[]): number {
  const holding = bags.filter((bag) => bag.includes(term)).length;
  return Math.log(1 + (bags.length - holding + 0.5) / (holding + 0.5));
}

function withoutDoubles(passages: readonly Passage[]): Passage[] {
  const seen = new Set<string>();
  return passages.filter(({ text }) => {
    const key = text.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
