import { pathOf, toPointer } from './index.js';

describe('pointers', () => {
  it.each([
    [[], ''],
    [['settings', 'a/b', '0', '~', '~1'], '/settings/a~1b/0/~0/~01'],
    [['', ' '], '// '],
  ])('of %j: %j, and back', (path, pointer) => {
    expect(toPointer(path)).toBe(pointer);
    expect(pathOf(pointer)).toEqual(path);
  });

  it('take numbers as steps', () => {
    expect(toPointer(['items', 3])).toBe('/items/3');
  });
});
