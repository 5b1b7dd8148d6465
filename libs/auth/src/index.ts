export { CurrentActor, Public, Requires, SignedIn } from './access/access.decorators.js';
export { type Actor, INSTALLATION, systemActor } from './access/actor.js';
export { actorOf, carryActor } from './access/actor-carrier.js';
export { isPermission, PERMISSIONS, type Permission } from './access/permissions.js';
export {
  BUILT_IN_ROLES,
  isRoleName,
  type Reach,
  ROLE_NAMES,
  type RoleName,
  type RolePermissions,
} from './access/roles.js';
