export {
  type Access,
  CurrentActor,
  Public,
  Recognised,
  RecognisedActor,
  Requires,
  SignedIn,
} from './access/access.decorators.js';
export { AccessMap, type Entrance } from './access/access-map.js';
export { type Actor, INSTALLATION, systemActor } from './access/actor.js';
export { actorOf, carryActor } from './access/actor-carrier.js';
export { Authenticator, type StoredActor } from './access/authenticator.js';
export { isPermission, PERMISSIONS, type Permission } from './access/permissions.js';
export {
  BUILT_IN_ROLES,
  isRoleName,
  type Reach,
  ROLE_NAMES,
  type RoleName,
  type RolePermissions,
} from './access/roles.js';
export { AccountsService, type Registration } from './accounts/accounts.service.js';
export { authErrors } from './auth.errors.js';
export { AuthModule } from './auth.module.js';
export { AuthRetention, type AuthSweep } from './auth.retention.js';
export { AuthCareModule } from './auth-care.module.js';
export { IdentityModule } from './identity.module.js';
export { LoginWatch } from './logins/login-watch.js';
export { LoginsService } from './logins/logins.service.js';
export { measurePasswordHash } from './passwords/password-hasher.js';
export { SignInService } from './sign-in/sign-in.service.js';
export { StoredTokenKeys } from './tokens/stored-token-keys.js';
