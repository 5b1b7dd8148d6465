import { PERMISSIONS } from './permissions.js';
import { roleSetOf } from './role-sets.js';
import { BUILT_IN_ROLES, ROLE_NAMES } from './roles.js';

describe('built-in roles', () => {
  const holders = (permission: string) => ROLE_NAMES.filter((role) => Object.hasOwn(BUILT_IN_ROLES[role], permission));

  it('give every permission to somebody, and to the administrator', () => {
    expect(PERMISSIONS.filter((permission) => !holders(permission).includes('admin'))).toEqual([]);
    expect(new Set(PERMISSIONS).size).toBe(PERMISSIONS.length);
  });

  it.each([
    ['session:read', ['user', 'moderator', 'auditor', 'operator', 'admin', 'service']],
    ['socket:connect', ['user', 'moderator', 'auditor', 'operator', 'admin', 'service']],
    ['key:manage', ['user', 'moderator', 'auditor', 'operator', 'admin']],
    ['share:manage', ['user', 'moderator', 'auditor', 'operator', 'admin']],
    ['tool:restricted', ['user', 'moderator', 'operator', 'admin', 'service']],
    ['tool:trusted', ['admin']],
    ['content:moderate', ['moderator', 'admin']],
    ['search:all', ['moderator', 'admin']],
    ['audit:read', ['auditor', 'admin']],
    ['policy:read', ['auditor', 'admin']],
    ['metrics:read', ['auditor', 'operator', 'admin']],
    ['config:read', ['auditor', 'operator', 'admin']],
    ['job:operate', ['operator', 'admin']],
    ['limit:manage', ['operator', 'admin']],
    ['usage:read_all', ['auditor', 'operator', 'admin']],
    ['budget:manage', ['admin']],
    ['user:manage', ['admin']],
    ['secret:rotate', ['admin']],
  ])('%s: %j', (permission, roles) => expect(holders(permission)).toEqual(roles));

  it('let nobody read the words of others by rank', () => {
    const reaches = ROLE_NAMES.map((role) => BUILT_IN_ROLES[role]['session:read']);
    expect(new Set(reaches)).toEqual(new Set(['own']));
  });
});

describe('roleSetOf', () => {
  it('adds roles up', () => {
    const { permissions } = roleSetOf(['moderator', 'operator']);
    expect(permissions.has('content:moderate') && permissions.has('job:operate')).toBe(true);
    expect(permissions.has('audit:read')).toBe(false);
  });

  it('shares one object among all with the same roles', () => {
    expect(roleSetOf(['auditor', 'user'])).toBe(roleSetOf(['auditor', 'user']));
  });

  it('gives nothing for no role, unknown roles and names of objects’ members', () => {
    expect(roleSetOf([]).permissions.size).toBe(0);
    expect(roleSetOf(['rol_01', 'constructor', '__proto__'])).toBe(roleSetOf([]));
  });
});
