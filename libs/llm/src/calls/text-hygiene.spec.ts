import fc from 'fast-check';
import { TextHygiene } from './text-hygiene.js';

function clean(pieces: readonly string[]): string[] {
  const hygiene = new TextHygiene();
  return [...pieces.map((piece) => hygiene.push(piece)), hygiene.end()];
}

/** Any UTF-16, lone surrogates and U+0000 often. */
const unit = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0xd800, max: 0xdfff }),
  fc.constantFrom(0, 0x41),
);
const text = fc.array(unit, { maxLength: 30 }).map((units) => String.fromCharCode(...units));

describe('text hygiene', () => {
  it.each([
    [['plain'], 'plain'],
    [['a\u0000b'], 'a\ufffdb'],
    [['\ud83d', '\ude00'], '😀'],
    [['x\ud83d', 'y'], 'x\ufffdy'],
    [['\ude00x'], '\ufffdx'],
    [['\ud83d\ud83d', '\ude00'], '\ufffd😀'],
    [['\ud83d'], '\ufffd'],
    [['\ud83d', '', '\ude00'], '😀'],
  ])('turns %j into %j', (pieces, expected) => {
    expect(clean(pieces).join('')).toBe(expected);
  });

  it('gives the same however the text is cut, always well-formed, changing nothing else', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(30)), (whole, cuts) => {
        const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, index) => whole.slice(at[index], end));
        const cleaned = clean(pieces);
        expect(cleaned.every((piece) => piece.isWellFormed())).toBe(true);
        expect(cleaned.join('')).toBe(whole.toWellFormed().replaceAll('\u0000', '\ufffd'));
      }),
    );
  });
});
