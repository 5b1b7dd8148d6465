import { Injectable } from '@nestjs/common';
import { INSTALLATION } from './access/actor.js';
import { AuthRetentionRepository, SWEEP_BATCH } from './auth.retention.repository.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** After its end a used refresh token is still told apart from an unknown one for so long. */
const REFRESH_KEPT = 7 * DAY;
const LOGINS_KEPT = 90 * DAY;

export interface AuthSweep {
  readonly failures: number;
  readonly locks: number;
  readonly refreshTokens: number;
  readonly logins: number;
  /** Whether another call has more to do. */
  readonly more: boolean;
}

/** Removes what no rule of sign-in looks at any more, at most 5,000 rows of a kind a call. */
@Injectable()
export class AuthRetention {
  constructor(private readonly repository: AuthRetentionRepository) {}

  async sweep(now: Date): Promise<AuthSweep> {
    const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds);
    const swept = {
      failures: await this.repository.deleteFailures(INSTALLATION, ago(HOUR)),
      locks: await this.repository.deleteLocks(INSTALLATION, now),
      refreshTokens: await this.repository.deleteRefreshTokens(INSTALLATION, ago(REFRESH_KEPT)),
      logins: await this.repository.deleteLogins(INSTALLATION, ago(REFRESH_KEPT), ago(LOGINS_KEPT)),
    };
    return { ...swept, more: Object.values(swept).includes(SWEEP_BATCH) };
  }
}
