import { z } from 'zod';
import { fromZod, isNullable, kindOf, valueSchema } from './value-schema.js';

describe('what Zod says, in the vocabulary of settings', () => {
  it('keeps bounds, choices, defaults and descriptions', () => {
    const count = z.number().int().min(0).max(200).default(20).describe('how many');
    expect(fromZod(count)).toEqual({ type: 'integer', minimum: 0, maximum: 200, default: 20, description: 'how many' });
    expect(fromZod(z.enum(['a', 'b']).default('a'))).toEqual({ type: 'string', enum: ['a', 'b'], default: 'a' });
    expect(fromZod(z.string().meta({ maxLength: 5 }))).toEqual({ type: 'string', maxLength: 5 });
  });

  it('says "or null" in one way, with null among the choices', () => {
    const level = fromZod(z.number().min(0).nullable().default(null));
    expect(level).toEqual({ type: ['number', 'null'], minimum: 0, default: null });
    expect(isNullable(level)).toBe(true);
    expect(kindOf(level)).toBe('number');
    expect(fromZod(z.enum(['a']).nullable())).toEqual({ type: ['string', 'null'], enum: ['a', null] });
  });

  it('knows lists, objects with declared members, and objects of any shape', () => {
    expect(
      fromZod(
        z
          .array(z.enum(['x', 'y']))
          .min(1)
          .meta({ uniqueItems: true }),
      ),
    ).toEqual({
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string', enum: ['x', 'y'] },
    });
    const tone = z.strictObject({ tone: z.string().nullable() });
    expect(fromZod(tone)).toEqual({
      type: 'object',
      properties: { tone: { type: ['string', 'null'] } },
      required: ['tone'],
      additionalProperties: false,
    });
    expect(fromZod(z.record(z.string(), z.unknown()))).toEqual({ type: 'object' });
  });

  it.each([
    ['two types', z.union([z.string(), z.number()])],
    ['a constant', z.literal('x')],
    ['a step', z.number().multipleOf(5)],
    ['a record of numbers', z.record(z.string(), z.number().min(3))],
  ])('refuses %s, for which it has no word', (_, type) => {
    expect(() => fromZod(type)).toThrow();
  });

  it('refuses a pattern that is none', () => {
    expect(valueSchema.safeParse({ type: 'string', pattern: '(' }).success).toBe(false);
    expect(valueSchema.safeParse({ type: 'string', pattern: '^[a-z]+$' }).success).toBe(true);
  });
});
