const WORD = /[\p{L}\p{N}]+/gu;
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+$/u;
const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Words that say nothing about what a sentence is about: English, and the commonest German ones. */
const STOP_WORDS = new Set(
  (
    'a about above after again all also am an and any are as at be because been before being below between both but by ' +
    'can could did do does doing done down during each few for from further get got had has have having he her here hers ' +
    'him his how i if in into is it its just know let like may me might mine more most much must my no nor not now of off ' +
    'on once only or other our ours out over own please said same say says shall she should so some such tell than that ' +
    'the their theirs them then there these they this those through to told too under until up us very was we were what ' +
    'when where which while who whom whose why will with would yes you your yours ' +
    'aber als am auch auf aus bei bin bist da das dass dein dem den der des die dir du ein eine einem einen einer er es ' +
    'für hat ich ihr im in ist ja mein mich mir mit nein nicht noch oder sein sich sie sind so um und uns von war was ' +
    'wer wie wir wo zu zum zur'
  ).split(' '),
);

/** Roots of the words that carry meaning, in order, doubles included. */
export function terms(text: string): string[] {
  const found: string[] = [];
  for (const [word] of text.toLowerCase().matchAll(WORD)) {
    if (UNSPACED.test(word)) found.push(...pairs(word));
    else if (!STOP_WORDS.has(word)) found.push(root(word));
  }
  return found;
}

/** Scripts without spaces are compared by pairs of characters. */
function pairs(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, index) => `${characters[index] ?? ''}${character}`);
}

/** A rough root: enough for `colour` to find `colours` and `painted` to find `painting`. */
function root(word: string): string {
  const stripped = word.length > 4 ? word.replace(/(?:ings?|edly|ed|es|s|ly|er|en)$/, '') : word.replace(/s$/, '');
  return (stripped.length < 3 ? word : stripped).slice(0, 8);
}

/** Sentences without the white space around them; a line break ends one too. */
export function sentences(text: string): string[] {
  return text
    .split(/\n+/)
    .flatMap((line) => [...SENTENCES.segment(line)].map(({ segment }) => segment.trim()))
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}

/** At most so many code points, with `…` where something was left out. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  if (length === 0) return '';
  return characters.length <= length
    ? text
    : `${characters
        .slice(0, length - 1)
        .join('')
        .trimEnd()}…`;
}
