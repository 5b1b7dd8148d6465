import { codePointPrefix } from './index.js';

describe('codePointPrefix', () => {
  it.each([
    ['abc', 5, 'abc'],
    ['abc', 2, 'ab'],
    ['abc', 0, ''],
    ['a😀😀b', 2, 'a😀'],
    ['😀😀😀', 3, '😀😀😀'],
    [`a${'😀'.repeat(10)}`, 4, 'a😀😀😀'],
  ])('of %j, %i: %j', (text, most, prefix) => {
    expect(codePointPrefix(text, most)).toBe(prefix);
  });
});
