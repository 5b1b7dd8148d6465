export {
  CurrentActor,
  Public,
  Recognised,
  RecognisedActor,
  Requires,
} from './access/access.decorators.js';
export { AccessMap } from './access/access-map.js';
export { type Actor, INSTALLATION, systemActor } from './access/actor.js';
export { actorOf, carryActor } from './access/actor-carrier.js';
export { Authenticator, type StoredActor } from './access/authenticator.js';
export type { Permission } from './access/permissions.js';
export { AccountsService } from './accounts/accounts.service.js';
export { authErrors } from './auth.errors.js';
export { AuthModule } from './auth.module.js';
export { AuthCareModule } from './auth-care.module.js';
export { IdentityModule } from './identity.module.js';
export { LoginWatch } from './logins/login-watch.js';
export { measurePasswordHash } from './passwords/password-hasher.js';
export { type SigningKeyFacts, StoredTokenKeys } from './tokens/stored-token-keys.js';
