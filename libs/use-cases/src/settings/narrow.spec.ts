import { narrow, narrowing } from './narrow.js';
import type { ValueSchema } from './value-schema.js';

const count: ValueSchema = { type: 'integer', minimum: 1, maximum: 20 };
const style: ValueSchema = { type: 'string', enum: ['formal', 'casual', 'terse'] };
const kinds: ValueSchema = { type: 'array', maxItems: 5, items: { type: 'string', enum: ['image', 'audio'] } };

describe('narrowing bounds', () => {
  it('gives the bounds inside both', () => {
    expect(narrow(count, { maximum: 3 })).toEqual({ ...count, maximum: 3 });
    expect(narrow(count, { minimum: 5, maximum: 5 })).toEqual({ ...count, minimum: 5, maximum: 5 });
    expect(narrow(style, { enum: ['formal'] })).toEqual({ ...style, enum: ['formal'] });
    expect(narrow(kinds, { enum: ['image'], maxItems: 2 })).toEqual({
      ...kinds,
      maxItems: 2,
      items: { type: 'string', enum: ['image'] },
    });
    expect(narrow({ type: 'string' }, { enum: ['a'], maxLength: 9 })).toEqual({
      type: 'string',
      enum: ['a'],
      maxLength: 9,
    });
    expect(narrow({ type: 'boolean' }, { enum: [true] })).toEqual({ type: 'boolean', enum: [true] });
  });

  it.each([
    [count, { maximum: 21 }, 'widens maximum'],
    [count, { minimum: 0 }, 'widens minimum'],
    [count, { minimum: 9, maximum: 3 }, 'leaves nothing'],
    [count, { minimum: 30 }, 'leaves nothing'],
    [count, { maxLength: 3 }, 'has no bound maxLength'],
    [style, { enum: ['formal', 'rude'] }, 'widens'],
    [style, { maximum: 3 }, 'has no bound maximum'],
    [kinds, { enum: ['image', 'video'] }, 'widens'],
    [{ type: 'array' } satisfies ValueSchema, { enum: ['x'] }, 'entries of any kind'],
    [{ type: 'object' } satisfies ValueSchema, { maximum: 1 }, 'has no bound maximum'],
    [{ type: 'boolean' } satisfies ValueSchema, { enum: ['yes'] }, 'widens'],
  ])('%j refuses %j: %s', (schema, by, reason) => {
    expect(narrow(schema, by)).toContain(reason);
  });

  it('knows no other bound', () => {
    expect(narrowing.safeParse({ pattern: 'x' }).success).toBe(false);
    expect(narrowing.safeParse({ enum: [] }).success).toBe(false);
    expect(narrowing.safeParse({ maxLength: -1 }).success).toBe(false);
  });
});
