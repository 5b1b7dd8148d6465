import { nearestWord } from '@parley/platform/text';

/** Names longer than this are not compared: they come from outside. */
const LONGEST = 64;

/** The known name that takes the fewest typing mistakes to become this one; null for a hostile one. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  return name.length > LONGEST ? null : nearestWord(name, known);
}
