import { refuseVersion, type ServerFacts, weakWalls } from './server-requirements.js';

const good: ServerFacts = { version: 150_018, role: 'app', superuser: false, bypassesPolicies: false, ownedTables: 0 };

describe('what a server must be', () => {
  it('is 15 or newer', () => {
    expect(refuseVersion(good)).toBeNull();
    expect(refuseVersion({ ...good, version: 140_012 })).toContain('version 14');
  });

  it.each([
    [
      'a superuser',
      { superuser: true, bypassesPolicies: true, ownedTables: 20 },
      false,
      ['the role app is a superuser'],
    ],
    ['a role past the policies', { bypassesPolicies: true }, false, ['the role app bypasses row-level security']],
    ['an owner', { ownedTables: 1 }, false, ['the role app owns tables']],
    [
      'a role for everything',
      { ownedTables: 1 },
      true,
      ['the role app also runs the migrations: set DATABASE_MIGRATION_URL to another role'],
    ],
    ['a role that owns nothing', {}, false, []],
  ])('says what is wrong with %s', (_, facts, oneRole, expected) => {
    expect(weakWalls({ ...good, ...facts }, oneRole)).toEqual(expected);
  });
});
