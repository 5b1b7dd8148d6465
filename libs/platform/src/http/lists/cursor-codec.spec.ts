import fc from 'fast-check';
import { z } from 'zod';
import { CursorCodec } from './cursor-codec.js';

const codec = (fill = 1) => new CursorCodec({ bytes: () => Buffer.alloc(32, fill) });
const BINDING = {
  list: 'messages:ses_1',
  orgId: 'org_1',
  principalId: 'usr_1',
  filters: { order: 'desc', tag: undefined },
};
const position = z.tuple([z.string(), z.number()]);

it('gives back any position', () => {
  fc.assert(
    fc.property(fc.tuple(fc.string(), fc.integer()), (where) => {
      expect(codec().decode(codec().encode(where, BINDING), BINDING, position.parse)).toEqual(where);
    }),
  );
});

it('is good for nothing else: no other list, filter, principal, organisation or installation', () => {
  const cursor = codec().encode(['a', 1], BINDING);
  const others = [
    { ...BINDING, list: 'messages:ses_2' },
    { ...BINDING, principalId: 'usr_2' },
    { ...BINDING, orgId: 'org_2' },
    { ...BINDING, filters: { order: 'asc' } },
    { ...BINDING, filters: { order: 'desc', tag: 'x' } },
  ];
  for (const other of others) {
    expect(() => codec().decode(cursor, other, position.parse)).toThrow(
      expect.objectContaining({ code: 'INVALID_CURSOR' }),
    );
  }
  expect(() => codec(2).decode(cursor, BINDING, position.parse)).toThrow();
  expect(codec().decode(cursor, { ...BINDING, filters: { order: 'desc' } }, position.parse)).toEqual(['a', 1]);
});

it('refuses everything that was not made here', () => {
  const good = codec().encode(['a', 1], BINDING);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.integer({ min: 0, max: good.length - 2 })), (made) => {
      const cursor =
        typeof made === 'number' ? good.slice(0, made) + (good[made] === 'A' ? 'B' : 'A') + good.slice(made + 1) : made;
      expect(() => codec().decode(cursor, BINDING, position.parse)).toThrow(
        expect.objectContaining({ code: 'INVALID_CURSOR' }),
      );
    }),
  );
  // Signed here, but by a version that put other things in.
  const older = codec().encode({ page: 3 }, BINDING);
  expect(() => codec().decode(older, BINDING, position.parse)).toThrow(
    expect.objectContaining({ code: 'INVALID_CURSOR' }),
  );
});

it('pages: the row too many says that there is more', () => {
  const rows = [1, 2, 3];
  const full = codec().page(rows, 2, (last) => ['x', last], BINDING);
  expect(full.items).toEqual([1, 2]);
  expect(codec().decode(full.next_cursor ?? '', BINDING, position.parse)).toEqual(['x', 2]);
  expect(codec().page(rows, 3, (last) => last, BINDING)).toEqual({ items: rows, next_cursor: null });
  expect(codec().page([], 3, (last) => last, BINDING)).toEqual({ items: [], next_cursor: null });
});
