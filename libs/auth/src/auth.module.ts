import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { AccessGuard } from './access/access.guard.js';
import { AccessMap } from './access/access-map.js';
import { BearerStrategy } from './access/bearer.strategy.js';
import { FirstAdmin } from './accounts/first-admin.js';
import { ProfileController } from './accounts/profile.controller.js';
import { AuthCareModule } from './auth-care.module.js';
import { IdentityModule } from './identity.module.js';
import { LoginsController } from './logins/logins.controller.js';
import { SignInController } from './sign-in/sign-in.controller.js';
import { JwksController } from './tokens/jwks.controller.js';

/**
 * Identity with its doors: routes, the guard before all routes and events, the first administrator, the regular care.
 * To be imported before the module that puts the limits' guard in place: limits count by principal.
 */
@Module({
  imports: [IdentityModule, AuthCareModule, DiscoveryModule],
  controllers: [SignInController, LoginsController, ProfileController, JwksController],
  providers: [AccessMap, BearerStrategy, FirstAdmin, { provide: APP_GUARD, useClass: AccessGuard }],
  exports: [IdentityModule, AccessMap],
})
export class AuthModule {}
