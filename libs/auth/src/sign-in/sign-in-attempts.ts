import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { INSTALLATION } from '../access/actor.js';
import type { Identifier } from '../accounts/names.js';
import { authErrors } from '../auth.errors.js';
import { AuthMetrics } from '../auth.metrics.js';
import { LoginWatch } from '../logins/login-watch.js';
import { DeviceTokens } from './device-tokens.js';
import { networkOf } from './network.js';
import { type Admission, type Attempt, SignInRepository } from './sign-in.repository.js';

/** Keeps count of how sign-ins end, refuses names that failed too often, lets in who was right. */
@Injectable()
export class SignInAttempts {
  constructor(
    private readonly repository: SignInRepository,
    private readonly watch: LoginWatch,
    private readonly metrics: AuthMetrics,
    private readonly devices: DeviceTokens,
    private readonly clock: Clock,
  ) {}

  /** @param address of the client; @param deviceToken as it came, not judged yet */
  async describe(identifier: Identifier, address: string | undefined, deviceToken?: unknown): Promise<Attempt> {
    const digest = createHash('sha256').update(identifier.key, 'utf8').digest();
    const knownTo = (await this.devices.read(deviceToken, this.clock.now())) ?? null;
    return { identifier, digest, network: networkOf(address), knownTo };
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
   * @returns what the device shows at its next sign-in
   * @throws ACCOUNT_LOCKED when other attempts brought a lock while this one's password was hashed
   */
  async succeeded(attempt: Attempt, admission: Admission, now: Date): Promise<string> {
    const outcome = await this.repository.admit(INSTALLATION, attempt, admission, now);
    if ('until' in outcome) throw this.locked(outcome.until, now);
    this.watch.announce(outcome.ended);
    this.metrics.attempted('password', 'ok');
    return this.devices.issue(admission.principalId, now);
  }

  private locked(until: Date, now: Date) {
    this.metrics.attempted('password', 'locked');
    return authErrors.ACCOUNT_LOCKED({ retryAfter: Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000)) });
  }
}
