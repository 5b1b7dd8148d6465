import { readJsonReply } from './json-reply.js';
import { withinTime } from './within-time.js';

describe('JSON in a reply', () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    ['  [1, 2]\n', [1, 2]],
    ['"text"', 'text'],
    ['null', null],
    ['Here:\n```json\n{"a": {"b": 2}}\n```\nDone {really}.', { a: { b: 2 } }],
    ['The vote is {"a":1}.', { a: 1 }],
    [String.raw`{"a\u0000":["\ud800x",{"b":"c\u0000d"}]}`, { 'a\ufffd': ['\ufffdx', { b: 'c\ufffdd' }] }],
    [String.raw`["\ud83d\ude00"]`, ['😀']],
    ['no JSON', undefined],
    ['{"cut": ', undefined],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(readJsonReply(text)).toEqual(expected);
  });
});

describe('work within time', () => {
  it('gives the result, stops what takes too long, and passes errors on', () => {
    expect(withinTime(1000, () => 7)).toBe(7);
    expect(withinTime(50, () => /^(a+)+$/.test(`${'a'.repeat(50)}!`))).toBe('too long');
    expect(() =>
      withinTime(1000, () => {
        throw new TypeError('mine');
      }),
    ).toThrow('mine');
  });
});
