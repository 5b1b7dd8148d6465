import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { platformErrors } from '@parley/platform/errors';
import { INSTALLATION } from '../access/actor.js';
import { type AccountRow, AccountsRepository } from '../accounts/accounts.repository.js';
import type { Identifier } from '../accounts/names.js';
import { authErrors } from '../auth.errors.js';
import { type TokenPair, TokenPairs } from '../logins/token-pairs.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { untilNextStep } from './padding.js';
import { type SignInAccount, SignInRepository } from './sign-in.repository.js';
import { SignInAttempts } from './sign-in-attempts.js';

/** The device somebody signs in from. */
export interface Device {
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  /** What it shows to be known again. */
  readonly token?: string | undefined;
}

/** The first pair of a login, whose it is, and what its device shows next time. */
export interface SignedIn extends TokenPair {
  readonly user: AccountRow;
  readonly deviceToken: string;
}

const LONGEST_USER_AGENT = 512;

/** Who may come in: an account with a password that is active and member of an organisation. */
interface Welcome extends SignInAccount {
  readonly passwordHash: string;
  readonly orgId: string;
}

@Injectable()
export class SignInService {
  constructor(
    private readonly repository: SignInRepository,
    private readonly accounts: AccountsRepository,
    private readonly hasher: PasswordHasher,
    private readonly attempts: SignInAttempts,
    private readonly pairs: TokenPairs,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens a login. Costs exactly one hash to check, whatever the cause of a refusal; refusals are
   * answered at the next multiple of 250 ms.
   * @throws INVALID_CREDENTIALS, ACCOUNT_LOCKED, OVERLOADED
   */
  async signIn(identifier: Identifier, password: string, device: Device): Promise<SignedIn> {
    const begun = performance.now();
    const attempt = await this.attempts.describe(identifier, device.address, device.token);
    const account = await this.repository.findAccount(INSTALLATION, identifier);
    const fits = await this.hasher.verify(account?.passwordHash ?? undefined, password);
    if (!fits || !isWelcome(account)) {
      await this.attempts.failed(attempt);
      await untilNextStep(begun);
      throw authErrors.INVALID_CREDENTIALS({ headers: { 'WWW-Authenticate': 'Bearer' } });
    }
    const rehashed = await this.strengthen(account.passwordHash, password);
    const now = this.clock.now();
    const login = await this.pairs.begin(account, 'pwd', now);
    const seen = { ip: device.address ?? null, userAgent: device.userAgent?.slice(0, LONGEST_USER_AGENT) ?? null };
    const deviceToken = await this.attempts.succeeded(attempt, { ...login, ...seen, rehashed }, now);
    const user = await this.accounts.find({ ...INSTALLATION, orgId: account.orgId }, account.principalId, now);
    if (user === undefined) throw new Error('an account that has just signed in is not there');
    return { ...login.pair, user, deviceToken };
  }

  /** Replaces a weaker hash now that the password is known; not while others wait for their turn. */
  private async strengthen(stored: string, password: string): Promise<string | null> {
    if (!this.hasher.isOutdated(stored)) return null;
    try {
      return await this.hasher.hash(password);
    } catch (error) {
      if (platformErrors.OVERLOADED.is(error)) return null;
      throw error;
    }
  }
}

function isWelcome(account: SignInAccount | undefined): account is Welcome {
  return (
    account !== undefined && account.passwordHash !== null && account.orgId !== null && account.status === 'active'
  );
}
