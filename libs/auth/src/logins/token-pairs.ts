import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import { newId } from '@parley/platform/ids';
import { z } from 'zod';
import { AuthMetrics } from '../auth.metrics.js';
import type { AuthenticationMethod } from '../tokens/access-token.js';
import { TokenService } from '../tokens/token.service.js';
import { newRefreshToken } from './refresh-token.js';

const DAY = 86_400_000;

export const tokenPair = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  /** Seconds that the access token is good for. */
  expiresIn: z.number(),
});

/** What a client goes on with. */
export type TokenPair = z.infer<typeof tokenPair>;

/** A pair, and what is to be stored of it before anybody gets it. */
export interface IssuedPair {
  readonly pair: TokenPair;
  readonly refreshHash: Buffer;
  readonly refreshExpiresAt: Date;
}

/** Whose login a pair is for. */
export interface PairSubject {
  readonly principalId: string;
  readonly orgId: string;
  readonly loginId: string;
  readonly authTime: Date;
  readonly amr: readonly string[];
  readonly loginExpiresAt: Date;
}

/** A login in the making. */
export interface NewLogin extends PairSubject, IssuedPair {
  /** Open logins that the person may have, this one among them. */
  readonly mostLogins: number;
}

/** Makes access and refresh tokens that belong together. */
@Injectable()
export class TokenPairs {
  constructor(
    private readonly tokens: TokenService,
    private readonly metrics: AuthMetrics,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The first pair of a new login. */
  async begin(
    person: { readonly principalId: string; readonly orgId: string },
    method: AuthenticationMethod,
    now: Date,
  ): Promise<NewLogin> {
    const { login_days, max_logins } = this.config.auth;
    const { principalId, orgId } = person;
    const loginExpiresAt = new Date(now.getTime() + login_days * DAY);
    const subject = { principalId, orgId, loginId: newId('login'), authTime: now, amr: [method], loginExpiresAt };
    return { ...subject, ...(await this.next(subject, now)), mostLogins: max_logins };
  }

  /** The next pair of a login. The refresh token never outlives the login. */
  async next(subject: PairSubject, now: Date): Promise<IssuedPair> {
    const access = await this.tokens.issue(subject);
    const refresh = newRefreshToken();
    this.metrics.issued('refresh');
    const rotation = now.getTime() + this.config.auth.refresh_token_days * DAY;
    return {
      pair: { accessToken: access.token, refreshToken: refresh.token, expiresIn: access.expiresIn },
      refreshHash: refresh.hash,
      refreshExpiresAt: new Date(Math.min(rotation, subject.loginExpiresAt.getTime())),
    };
  }
}
