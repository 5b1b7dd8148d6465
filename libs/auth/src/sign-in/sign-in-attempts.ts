import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { INSTALLATION } from '../access/actor.js';
import type { Identifier } from '../accounts/names.js';
import { authErrors } from '../auth.errors.js';
import { AuthMetrics } from '../auth.metrics.js';
import { LoginWatch } from '../logins/login-watch.js';
import { networkOf } from './network.js';
import { type Admission, type Attempt, SignInRepository } from './sign-in.repository.js';

/** Keeps count of how sign-ins end, refuses names that failed too often, lets in who was right. */
@Injectable()
export class SignInAttempts {
  constructor(
    private readonly repository: SignInRepository,
    private readonly watch: LoginWatch,
    private readonly metrics: AuthMetrics,
    private readonly clock: Clock,
  ) {}

  /** @param address of the client */
  describe(identifier: Identifier, address: string | undefined): Attempt {
    const digest = createHash('sha256').update(identifier.key, 'utf8').digest();
    return { identifier, digest, network: networkOf(address) };
  }

  /** @throws ACCOUNT_LOCKED with the seconds to wait, whether or not there is such an account */
  async refuseLocked(attempt: Attempt): Promise<void> {
    const now = this.clock.now();
    const until = await this.repository.lockedUntil(INSTALLATION, attempt, now);
    if (until !== undefined) throw this.locked(until, now);
  }

  async failed(attempt: Attempt): Promise<void> {
    this.metrics.attempted('password', 'refused');
    this.metrics.locked(await this.repository.recordFailure(INSTALLATION, attempt, this.clock.now()));
  }

  /**
   * Stores the login that a right password opened.
   * @throws ACCOUNT_LOCKED when other attempts brought a lock while this one's password was hashed
   */
  async succeeded(attempt: Attempt, admission: Admission, now: Date): Promise<void> {
    const outcome = await this.repository.admit(INSTALLATION, attempt, admission, now);
    if ('until' in outcome) throw this.locked(outcome.until, now);
    this.watch.announce(outcome.ended);
    this.metrics.attempted('password', 'ok');
  }

  private locked(until: Date, now: Date) {
    this.metrics.attempted('password', 'locked');
    return authErrors.ACCOUNT_LOCKED({ retryAfter: Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000)) });
  }
}
