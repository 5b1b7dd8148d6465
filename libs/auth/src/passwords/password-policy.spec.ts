import { describeWeaknesses, normalisePassword, weaknessesOf } from './password-policy.js';

const owner = { email: 'Ada.Lovelace@Example.com', username: 'AdaLove1815', displayName: 'Countess of 1815!' };

describe('weaknessesOf', () => {
  it.each(['Abcdef1g', 'abcdef1!', 'ABCDEF1!', 'Abcdefg!', 'vierzehnzeiche', 'пароль1Ñ', 'x'.repeat(128)])(
    'accepts %j',
    (password) => expect(weaknessesOf(password, owner)).toEqual([]),
  );

  it.each([
    ['Abc1!', ['too_short']],
    ['abcdefgh', ['too_few_kinds']],
    ['Abcdefgh', ['too_few_kinds']],
    ['dreizehnzeich', ['too_few_kinds']],
    ['x'.repeat(129), ['too_long']],
    ['ada.lovelace@example.COM', ['personal']],
    ['Ada.Lovelace', ['personal']],
    ['ADALOVE1815', ['too_few_kinds', 'personal']],
    ['countess of 1815!', ['personal']],
    ['Parley2026!', ['product_name']],
    ['12-PaRleY-34', ['product_name']],
  ])('refuses %j for %j', (password, expected) => expect(weaknessesOf(password, owner)).toEqual(expected));

  it('counts characters, not UTF-16 units', () => {
    expect(weaknessesOf('😀'.repeat(7), {})).toEqual(['too_short']);
    expect(weaknessesOf('😀'.repeat(128), {})).toEqual([]);
    expect(weaknessesOf('😀'.repeat(129), {})).toEqual(['too_long']);
  });

  it('judges the form in which it is hashed', () => {
    expect(normalisePassword('ﬁ')).toBe('fi');
    expect(weaknessesOf('Ａｄａ.Lovelace', owner)).toEqual(['personal']);
  });

  it('knows no personal words where there are none', () => {
    expect(weaknessesOf('correct horse battery', { email: null, username: null, displayName: '' })).toEqual([]);
  });
});

describe('describeWeaknesses', () => {
  it('points at the member and repeats no password', () => {
    const [finding] = describeWeaknesses(weaknessesOf('abc', owner));
    expect(finding).toEqual({ pointer: '/password', code: 'too_short', detail: 'It has fewer than 8 characters.' });
  });
});
