import { isEmailName, isUsername, toName } from './names.js';

describe('toName', () => {
  it('trims, brings to NFKC and compares in lower case', () => {
    expect(toName('  Ａda@Example.COM ')).toEqual({ shown: 'Ada@Example.COM', key: 'ada@example.com' });
  });

  it('gives spellings of one name one key', () => {
    expect(toName('Ångström').key).toBe(toName('ÅNGSTRÖM').key);
    expect(toName('ﬁona').key).toBe(toName('FIONA').key);
    expect(toName(toName('İstanbul').key).key).toBe(toName('İstanbul').key);
  });
});

describe('isEmailName', () => {
  it.each(['ada@example.com', '  ada@example.com  ', 'ada+x@sub.example.org', 'jürgen@example.de'])(
    'takes %j',
    (text) => expect(isEmailName(text)).toBe(true),
  );

  it.each([
    '',
    'ada',
    'ada@',
    '@example.com',
    'ada@example',
    'a b@example.com',
    'ada@example.com\nbcc: x@y.org',
    '"ada\nbcc: x"@example.com',
    'ada\u200b@example.com',
    'a\u202eda@example.com',
    `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.com`,
    42,
    null,
  ])('refuses %j', (text) => expect(isEmailName(text)).toBe(false));
});

describe('isUsername', () => {
  it.each(['ada', 'Ada Lovelace', '李小龙', 'a'.repeat(50)])('takes %j', (text) => expect(isUsername(text)).toBe(true));

  it.each(['ab', '  ab  ', 'a'.repeat(51), 'ada@home', 'ada\u200b', 'a\u0007da', 'a\u2028da', 7, undefined])(
    'refuses %j',
    (text) => expect(isUsername(text)).toBe(false),
  );
});
