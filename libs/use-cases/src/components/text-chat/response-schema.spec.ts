import { jsonSchemaProblem } from './response-schema.js';

describe('a JSON Schema that a session brings', () => {
  it.each([
    [{}],
    [{ type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { type: 'string', pattern: '^x+$' } } }],
    [{ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'https://example.com/mine', type: 'array' }],
    [{ prefixItems: [{ type: 'string' }], items: false }],
    [{ type: 'string', format: 'date-time', 'x-own': true }],
  ])('may be %j, more than once', (schema) => {
    expect(jsonSchemaProblem(schema)).toBeNull();
    expect(jsonSchemaProblem(schema)).toBeNull();
  });

  it.each([
    [{ type: 'strnig' }, 'no JSON Schema'],
    [{ properties: [] }, 'no JSON Schema'],
    [{ pattern: '(' }, 'no JSON Schema'],
    [{ $ref: '#/$defs/nothing' }, 'no JSON Schema'],
    [{ $schema: 'http://json-schema.org/draft-07/schema#' }, 'must be of JSON Schema 2020-12'],
    [{ items: { $ref: 'https://example.com/other.json' } }, 'must not refer to anything outside'],
    [{ allOf: [{ $dynamicRef: 'other.json#meta' }] }, 'must not refer to anything outside'],
    [{ description: 'x'.repeat(16_384) }, 'at most 16384 bytes'],
  ])('cannot be %j', (schema, problem) => {
    expect(jsonSchemaProblem(schema)).toContain(problem);
  });

  it('cannot be endlessly deep', () => {
    let schema: Record<string, unknown> = {};
    for (let level = 0; level < 100; level += 1) schema = { not: schema };
    expect(jsonSchemaProblem(schema)).toContain('levels deep');
  });
});
