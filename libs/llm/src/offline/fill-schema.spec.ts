import fc from 'fast-check';
import { z } from 'zod';
import { jsonSchemaCheck } from '../structured/json-schema.js';
import { OfflineModel } from './offline.model.js';
import { textOfPattern } from './pattern.js';

type Schema = Readonly<Record<string, unknown>>;

const STORY =
  'Title: The old lighthouse. The tower is 42 metres high and was built in 1887. ' +
  'Write to keeper@example.org. Anna votes for B with confidence 0.9. The lamp is not electric.';

async function fill(schema: Schema, content = STORY): Promise<unknown> {
  let text = '';
  const request = {
    messages: [{ role: 'user' as const, content }],
    purpose: 'answer',
    schema: { name: 'task', schema },
  };
  for await (const part of new OfflineModel().stream(request, new AbortController().signal)) {
    if (part.type === 'text-delta') text += part.delta;
  }
  return JSON.parse(text);
}

const object = (properties: Schema): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

describe('filling a schema from a text', () => {
  it('takes what the text says', async () => {
    const value = await fill(
      object({
        height_in_metres: { type: 'integer', description: 'How high the tower is' },
        candidate: { enum: ['A', 'B', 'C'] },
        email: { type: 'string', format: 'email' },
        lamp_electric: { type: 'boolean' },
        confidence: { type: 'number', minimum: 0, maximum: 1 },
      }),
    );
    expect(value).toEqual({
      height_in_metres: 42,
      candidate: 'B',
      email: 'keeper@example.org',
      lamp_electric: false,
      confidence: 0.9,
    });
  });

  it('gives a title that is a headline', async () => {
    const title = { type: 'string', minLength: 1, maxLength: 40 };
    expect(await fill(object({ title }), 'User: How do I grow tomatoes?\n\nAssistant: Well.')).toEqual({
      title: 'How do I grow tomatoes',
    });
  });

  it.each<[string, Schema]>([
    ['lengths', object({ a: { type: 'string', minLength: 300, maxLength: 310 }, b: { type: 'string', maxLength: 3 } })],
    [
      'bounds',
      object({
        a: { type: 'integer', minimum: 5000, multipleOf: 7 },
        b: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      }),
    ],
    [
      'an integer between exclusive bounds',
      object({ a: { type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 5 } }),
    ],
    ['a negative maximum', object({ a: { type: 'number', maximum: -2.5 } })],
    ['lists', object({ a: { type: 'array', items: { type: 'string' }, minItems: 5, uniqueItems: true } })],
    [
      'a list of different enum values',
      object({ a: { type: 'array', items: { enum: ['x', 'y', 'z'] }, minItems: 2, uniqueItems: true } }),
    ],
    ['an empty text', object({ a: { type: 'string', maxLength: 0 } })],
    ['an empty list', object({ a: { type: 'array', items: { type: 'string' }, maxItems: 0 } })],
    [
      'a tuple',
      object({ a: { type: 'array', prefixItems: [{ type: 'number' }, { const: 'k' }], items: false, minItems: 2 } }),
    ],
    ['a list that contains', { type: 'array', contains: { const: 'needle' } }],
    [
      'references',
      { $ref: '#/$defs/a', $defs: { a: object({ b: { $ref: '#/$defs/b' } }), b: { type: 'integer', minimum: 9 } } },
    ],
    [
      'recursion',
      {
        $ref: '#/$defs/n',
        $defs: {
          n: {
            type: 'object',
            properties: { v: { type: 'string' }, next: { $ref: '#/$defs/n' } },
            required: ['v'],
            additionalProperties: false,
          },
        },
      },
    ],
    ['allOf', { allOf: [object({ a: { type: 'string' } }), { required: ['a'] }] }],
    ['anyOf with null', object({ a: { anyOf: [{ type: 'null' }, { type: 'integer', minimum: 2 }] } })],
    ['oneOf', { oneOf: [object({ kind: { const: 'a' } }), object({ kind: { const: 'b' }, n: { type: 'number' } })] }],
    ['several types', object({ a: { type: ['string', 'null'], maxLength: 5 } })],
    [
      'required without properties',
      { type: 'object', required: ['x', 'y'], additionalProperties: { type: 'integer' } },
    ],
    ['a least number of members', { type: 'object', minProperties: 2, additionalProperties: { type: 'boolean' } }],
    ['a pattern', object({ a: { type: 'string', pattern: '^[A-Z]{2}-\\d{3,}(x|y)?$' } })],
    ['dates', object({ a: { type: 'string', format: 'date' }, b: { type: 'string', format: 'date-time' } })],
    ['a constant', { const: { deep: [1, null] } }],
    ['nothing at all', {}],
  ])('keeps to %s', async (_what, schema) => {
    const check = await jsonSchemaCheck(schema);
    const value = await fill(schema);
    expect({ value, checked: check(value) }).toEqual({ value, checked: { ok: true, value } });
    expect((await jsonSchemaCheck(schema))(await fill(schema, '')).ok).toBe(true);
  });

  it('satisfies schemas that Zod writes', async () => {
    const agent = z.strictObject({
      position: z.string().min(1).max(200),
      agrees_with: z.array(z.enum(['ada', 'bob'])).max(2),
      confidence: z.number().min(0).max(1),
      reason: z.string().max(300).nullable(),
      contact: z.email(),
      link: z.url(),
      at: z.iso.datetime(),
      id: z.uuid(),
      inner: z.object({ n: z.int().positive(), tags: z.array(z.string().min(2)).min(1) }),
      choice: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('x'), v: z.boolean() }),
        z.strictObject({ kind: z.literal('y') }),
      ]),
    });
    const value = await fill({ ...z.toJSONSchema(agent) });
    expect(agent.safeParse(value)).toMatchObject({ success: true });
  });

  it('satisfies whatever ordinary schema it is given', async () => {
    const leaf = fc.oneof(
      fc.constant({ type: 'boolean' }),
      fc
        .tuple(fc.integer({ min: -50, max: 50 }), fc.nat(50))
        .map(([minimum, span]) => ({ type: 'integer', minimum, maximum: minimum + span })),
      fc
        .tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.nat(9))
        .map(([minimum, span]) => ({ type: 'number', minimum, maximum: minimum + span })),
      fc
        .tuple(fc.nat(40), fc.nat(40))
        .map(([minLength, more]) => ({ type: 'string', minLength, maxLength: minLength + more })),
      fc.uniqueArray(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
    );
    const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.dictionary(fc.constantFrom('name', 'score', 'list', 'note'), tie('schema'), { maxKeys: 3 }).map(object),
        fc
          .tuple(tie('schema'), fc.nat(3), fc.nat(3))
          .map(([items, minItems, more]) => ({ type: 'array', items, minItems, maxItems: minItems + more })),
        fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map((anyOf) => ({ anyOf })),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(schema, fc.string({ maxLength: 80, unit: 'grapheme' }), async (wanted, content) => {
        const value = await fill(wanted, content);
        expect((await jsonSchemaCheck(wanted))(value).ok).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a text for a pattern', () => {
  it.each([
    ['^\\d{4}$', 'It was in 1887, I think', '1887'],
    ['^#[0-9a-f]{6}$', 'no colour', '#000000'],
    ['^(foo|bar)+-x*y?[^a-z]$', '', 'foo-A'],
    ['^[a-z]+@[a-z]+\\.[a-z]{2,}$', 'mail me@here.org please', 'me@here.org'],
    ['^a.c\\.$', '', 'aac.'],
    ['plain', '', 'plain'],
  ])('%s', (pattern, text, expected) => {
    expect(textOfPattern(pattern, text)).toBe(expected);
  });

  it.each(['^(?=a)b$', '(a)\\1', '[', '^(?!x)y$'])('gives up on %s', (pattern) => {
    expect(textOfPattern(pattern, '')).toBeNull();
  });

  it('gives up in time on a pattern that takes for ever', () => {
    const startedAt = performance.now();
    expect(textOfPattern('^(a+)+$', `${'a'.repeat(40)}!`)).toBe('a');
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
