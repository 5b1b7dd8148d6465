import { randomBytes } from 'node:crypto';
import { holdsExampleValue } from './example-values.js';

describe('holdsExampleValue', () => {
  it.each([
    'changeme',
    'Change-Me',
    'please change this',
    'secret',
    'your-256-bit-secret',
    'my_api_key',
    'sk-your-openai-key-EXAMPLE',
    'sk-xxxxxxxxxxxxxxxx',
    '<your key>',
    `$\{OPENAI_API_KEY}`,
    'postgres://postgres:postgres@db/parley',
    'redis://:changeme@cache',
    Buffer.alloc(32, 7).toString('base64'),
    Buffer.from('0123456789abcdef0123456789abcdef').toString('base64'),
    Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64'),
  ])('knows %s', (value) => {
    expect(holdsExampleValue(value)).toBe(true);
    expect(holdsExampleValue({ 'x-key': value })).toBe(true);
  });

  it.each([
    'correct horse battery staple',
    'sk-proj-9f8Hq2LmZt0',
    'postgres://parley@db.example.org/parley',
    'postgres://example:h7Tq2x@example.org/changeme',
    'rediss://cache.example.org:6380',
    'My secretary types 90 words',
  ])('lets %s pass', (value) => {
    expect(holdsExampleValue(value)).toBe(false);
  });

  it('lets drawn keys pass', () => {
    const drawn = Array.from({ length: 200 }, () => randomBytes(32).toString('base64'));
    expect(drawn.filter(holdsExampleValue)).toEqual([]);
    expect([null, {}, { a: drawn[0] }].some(holdsExampleValue)).toBe(false);
  });
});
