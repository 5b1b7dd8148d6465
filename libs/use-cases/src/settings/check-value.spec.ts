import fc from 'fast-check';
import { checkValue, codePoints, nearestValue } from './check-value.js';
import type { ValueSchema } from './value-schema.js';

const count: ValueSchema = { type: 'integer', minimum: 1, maximum: 20 };
const label: ValueSchema = { type: 'string', minLength: 2, maxLength: 4 };
const kinds: ValueSchema = {
  type: 'array',
  minItems: 1,
  maxItems: 2,
  uniqueItems: true,
  items: { type: 'string', enum: ['a', 'b', 'c'] },
};

function codeOf(schema: ValueSchema, value: unknown): string | null {
  return checkValue(schema, value, '/settings/x')?.code ?? null;
}

describe('a value against its schema', () => {
  it.each([
    [count, 1, null],
    [count, 20, null],
    [count, 0, 'OUT_OF_BOUNDS'],
    [count, 21, 'OUT_OF_BOUNDS'],
    [count, 1.5, 'INVALID_TYPE'],
    [count, '5', 'INVALID_TYPE'],
    [count, null, 'INVALID_TYPE'],
    [count, true, 'INVALID_TYPE'],
    [{ ...count, type: ['integer', 'null'] } satisfies ValueSchema, null, null],
    [{ type: 'number' } satisfies ValueSchema, Number.NaN, 'INVALID_TYPE'],
    [{ type: 'boolean' } satisfies ValueSchema, false, null],
    [{ type: 'boolean' } satisfies ValueSchema, 'false', 'INVALID_TYPE'],
    [{ type: 'string', enum: ['x'] } satisfies ValueSchema, 'x', null],
    [{ type: 'string', enum: ['x'] } satisfies ValueSchema, 'X', 'OUT_OF_BOUNDS'],
    [{ type: 'string', enum: ['x'] } satisfies ValueSchema, 5, 'INVALID_TYPE'],
    [{ type: 'string', pattern: '^[a-z]+$' } satisfies ValueSchema, 'abc', null],
    [{ type: 'string', pattern: '^[a-z]+$' } satisfies ValueSchema, 'a c', 'OUT_OF_BOUNDS'],
    [{ type: 'object' } satisfies ValueSchema, { any: 1 }, null],
    [{ type: 'object' } satisfies ValueSchema, [1], 'INVALID_TYPE'],
    [kinds, ['a', 'b'], null],
    [kinds, [], 'OUT_OF_BOUNDS'],
    [kinds, ['a', 'b', 'c'], 'OUT_OF_BOUNDS'],
    [kinds, ['a', 'a'], 'OUT_OF_BOUNDS'],
    [kinds, 'a', 'INVALID_TYPE'],
  ])('%j takes %j: %s', (schema, value, code) => {
    expect(codeOf(schema, value)).toBe(code);
  });

  it('counts code points: an emoji is one character', () => {
    expect(codeOf(label, '😀😀😀😀')).toBeNull();
    expect(codeOf(label, '😀😀😀😀😀')).toBe('OUT_OF_BOUNDS');
    expect(codeOf(label, '😀')).toBe('OUT_OF_BOUNDS');
  });

  it('points at the entry or member that is wrong, and repeats no value', () => {
    const finding = checkValue(kinds, ['a', 'secret'], '/settings/kinds');
    expect(finding).toEqual({ pointer: '/settings/kinds/1', code: 'OUT_OF_BOUNDS', detail: 'must be one of a, b, c' });
    const style: ValueSchema = { type: 'object', properties: { tone: label }, required: ['tone'] };
    expect(checkValue(style, { tone: 'warm', 'a/b~c': 1 }, '/s')).toMatchObject({
      pointer: '/s/a~1b~0c',
      code: 'UNKNOWN_KEY',
    });
    expect(checkValue(style, {}, '/s')).toMatchObject({ pointer: '/s', code: 'OUT_OF_BOUNDS' });
    expect(checkValue(style, { tone: 3 }, '/s')).toMatchObject({ pointer: '/s/tone', code: 'INVALID_TYPE' });
  });

  it('does not take members of the prototype for declared ones', () => {
    const style: ValueSchema = { type: 'object', properties: {} };
    expect(codeOf(style, JSON.parse('{"constructor": 1}'))).toBe('UNKNOWN_KEY');
  });
});

describe('the nearest allowed value', () => {
  it.each([
    [count, 25, 20],
    [count, -3, 1],
    [count, 2.5, undefined],
    [count, 'x', undefined],
    [label, '😀bcdef', '😀bcd'],
    [label, 'a', undefined],
    [{ type: 'string', enum: ['x'] } satisfies ValueSchema, 'y', undefined],
    [kinds, ['a', 'z', 'b', 'c', 'a'], ['a', 'b']],
    [kinds, ['z'], undefined],
    [{ type: 'object' } satisfies ValueSchema, 5, undefined],
  ])('%j has %j near: %j', (schema, value, near) => {
    expect(nearestValue(schema, value)).toEqual(near);
  });

  it('is allowed, and is the value itself where that is allowed', () => {
    fc.assert(
      fc.property(fc.integer({ min: -50, max: 50 }), (value) => {
        const near = nearestValue(count, value);
        expect(codeOf(count, near)).toBeNull();
        if (codeOf(count, value) === null) expect(near).toBe(value);
      }),
    );
  });
});

describe('code points', () => {
  it('are counted as iterating over a text counts them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }), (units) => {
        const text = String.fromCharCode(...units);
        expect(codePoints(text)).toBe([...text].length);
      }),
    );
    expect(codePoints('a😀\ud800b\udc00')).toBe(5);
  });
});
