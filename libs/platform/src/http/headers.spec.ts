import { parseIdempotencyKey } from './idempotency/idempotency-key.js';
import { parsePrefer } from './prefer.js';
import { expectVersion, parseIfMatch } from './versions/preconditions.js';
import { noneMatch } from './versions/versioned.interceptor.js';

describe('If-Match', () => {
  it.each([
    [undefined, undefined],
    ['*', 'any'],
    ['"7"', [7]],
    ['"7.42"', [7]],
    ['"7.42", "8.1"', [7, 8]],
    ['W/"7.42"', []],
    ['7', []],
    ['"abc"', []],
  ])('%s allows %j', (header, expected) => {
    expect(parseIfMatch(header)).toEqual(expected);
  });

  it('is held against the version', () => {
    expect(() => expectVersion([6, 7], 7)).not.toThrow();
    expect(() => expectVersion('any', 7, true)).not.toThrow();
    expect(() => expectVersion(undefined, 7)).not.toThrow();
    expect(() => expectVersion(undefined, 7, true)).toThrow(expect.objectContaining({ code: 'PRECONDITION_REQUIRED' }));
    expect(() => expectVersion([], 7)).toThrow(expect.objectContaining({ code: 'PRECONDITION_FAILED' }));
  });
});

it.each([
  [undefined, false],
  ['*', true],
  ['"a", W/"b"', true],
  ['"b2"', false],
])('If-None-Match %s: %s', (header, expected) => {
  expect(noneMatch(header, '"b"')).toBe(expected);
});

it.each([
  [undefined, { respondAsync: false }],
  ['respond-async', { respondAsync: true }],
  ['Respond-Async, wait=10', { respondAsync: true, waitSeconds: 10 }],
  ['wait="7"; foo=bar, handling=lenient', { respondAsync: false, waitSeconds: 7 }],
  ['wait=1, wait=2', { respondAsync: false, waitSeconds: 1 }],
  ['wait=-1', { respondAsync: false }],
  ['wait', { respondAsync: false }],
])('Prefer: %s', (header, expected) => {
  expect(parsePrefer(header)).toEqual(expected);
});

it('takes idempotency keys of visible characters only', () => {
  expect(parseIdempotencyKey(undefined)).toBeUndefined();
  expect(parseIdempotencyKey('a'.repeat(128))).toHaveLength(128);
  for (const key of ['', 'a'.repeat(129), 'a b', 'ü', ['a', 'b']]) {
    expect(() => parseIdempotencyKey(key)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  }
});
