interface Range {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  return { type, quality: Number.isFinite(quality) ? quality : 0 };
}

/** How specifically a range names a type: 3 exactly, 2 by its main type, 1 as anything, 0 not at all. */
function precision(range: string, type: string): number {
  if (range === type) return 3;
  if (range === '*/*' || range === '*') return 1;
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1)) ? 2 : 0;
}

function qualityOf(type: string, ranges: readonly Range[]): number {
  let best = 0;
  let quality = 0;
  for (const range of ranges) {
    const found = precision(range.type, type);
    if (found > best) {
      best = found;
      quality = range.quality;
    }
  }
  return quality;
}

/**
 * Which of the types that a route offers, in the order of its liking, an `Accept` header asks for.
 * @returns undefined when it takes none of them
 */
export function negotiate(accept: string | undefined, offered: readonly string[]): string | undefined {
  if (accept === undefined || accept === '*/*') return offered[0];
  const ranges = accept.split(',').map(parseRange);
  let chosen: string | undefined;
  let best = 0;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > best) {
      best = quality;
      chosen = type;
    }
  }
  return chosen;
}
