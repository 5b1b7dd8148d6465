import { Global, Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { CONFIG, type Config } from '@parley/platform/config';
import { Authenticator } from './access/authenticator.js';
import { StandingRepository } from './access/standing.repository.js';
import { AccountsRepository } from './accounts/accounts.repository.js';
import { AccountsService } from './accounts/accounts.service.js';
import { AuthMetrics } from './auth.metrics.js';
import { AuthRetention } from './auth.retention.js';
import { AuthRetentionRepository } from './auth.retention.repository.js';
import { LoginWatch } from './logins/login-watch.js';
import { LoginsRepository } from './logins/logins.repository.js';
import { LoginsService } from './logins/logins.service.js';
import { RefreshReplays } from './logins/refresh-replays.js';
import { TokenPairs } from './logins/token-pairs.js';
import { KnownPasswords } from './passwords/known-passwords.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordRules } from './passwords/password-rules.js';
import { DeviceTokens } from './sign-in/device-tokens.js';
import { SignInRepository } from './sign-in/sign-in.repository.js';
import { SignInService } from './sign-in/sign-in.service.js';
import { SignInAttempts } from './sign-in/sign-in-attempts.js';
import { SharedSecretKeys } from './tokens/shared-secret-keys.js';
import { SigningKeysRepository } from './tokens/signing-keys.repository.js';
import { StoredTokenKeys } from './tokens/stored-token-keys.js';
import { TokenService } from './tokens/token.service.js';
import { TokenKeys } from './tokens/token-keys.js';

/** Who somebody is, without doors: for every library, and all that the command line and the workers need. */
@Global()
@Module({
  imports: [JwtModule.register({})],
  providers: [
    AccountsRepository,
    AccountsService,
    AuthMetrics,
    AuthRetention,
    AuthRetentionRepository,
    Authenticator,
    DeviceTokens,
    KnownPasswords,
    LoginWatch,
    LoginsRepository,
    LoginsService,
    PasswordHasher,
    PasswordRules,
    RefreshReplays,
    SignInAttempts,
    SignInRepository,
    SignInService,
    SigningKeysRepository,
    StandingRepository,
    StoredTokenKeys,
    {
      provide: TokenKeys,
      inject: [CONFIG, StoredTokenKeys],
      useFactory: ({ auth }: Config, stored: StoredTokenKeys): TokenKeys =>
        auth.jwt_secret === null ? stored : new SharedSecretKeys(auth.jwt_secret),
    },
    TokenPairs,
    TokenService,
  ],
  exports: [
    AccountsService,
    AuthMetrics,
    AuthRetention,
    Authenticator,
    LoginWatch,
    LoginsService,
    SignInAttempts,
    SignInService,
    StoredTokenKeys,
    TokenKeys,
    TokenService,
  ],
})
export class IdentityModule {}
