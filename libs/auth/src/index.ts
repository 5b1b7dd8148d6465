export { CurrentActor, Public, Requires, SignedIn } from './access.decorators.js';
export { type Actor, INSTALLATION, systemActor } from './actor.js';
export { actorOf, carryActor } from './actor-carrier.js';
export { isPermission, PERMISSIONS, type Permission } from './permissions.js';
export { BUILT_IN_ROLES, isRoleName, type Reach, ROLE_NAMES, type RoleName, type RolePermissions } from './roles.js';
