import { identifierIn } from './sign-in.dto.js';

describe('the name in a body that was not judged yet', () => {
  it('is the e-mail, else the username, as it is compared', () => {
    expect(identifierIn({ email: ' Ada@Example.com ', username: 'ada' })).toEqual({
      kind: 'email',
      key: 'ada@example.com',
    });
    expect(identifierIn({ username: 'ADA' })).toEqual({ kind: 'username', key: 'ada' });
    expect([identifierIn(null), identifierIn({}), identifierIn({ email: 1 })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each(['email', 'username'])('is looked at for a lock wherever the %s may pass as one', (member) => {
    const longest = '😀'.repeat(320);
    expect(identifierIn({ [member]: longest })).toMatchObject({ kind: member, key: longest });
  });

  // Marks in the wrong order are sorted one by one: time grows with the square of their number.
  it.each(['email', 'username'])('is not brought to its normal form where the %s is too long for one', (member) => {
    expect(identifierIn({ [member]: `a${'\u0300\u0316'.repeat(2000)}` })).toBeUndefined();
    expect(identifierIn({ email: 'a'.repeat(321), username: 'ada' })).toBeUndefined();
  });
});
