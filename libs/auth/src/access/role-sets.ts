import type { Permission } from './permissions.js';
import { isPermission } from './permissions.js';
import { BUILT_IN_ROLES, isRoleName } from './roles.js';

/** Roles and what they amount to; one object for everybody with the same ones. */
export interface RoleSet {
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<Permission>;
}

/** At most one entry per combination of built-in roles: 2 to the power of their number. */
const known = new Map<string, RoleSet>();

/**
 * What roles amount to together. A role that this version does not know gives nothing.
 * @param roles sorted, so that the same roles find the same object
 */
export function roleSetOf(roles: readonly string[]): RoleSet {
  const builtIn = roles.filter(isRoleName);
  const name = builtIn.join(' ');
  let found = known.get(name);
  if (found === undefined) {
    const permissions = builtIn.flatMap((role) => Object.keys(BUILT_IN_ROLES[role]).filter(isPermission));
    found = { roles: builtIn, permissions: new Set(permissions) };
    known.set(name, found);
  }
  return found;
}
