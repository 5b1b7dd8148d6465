import { hash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '@parley/platform/clock';
import { CONFIG, type Config } from '@parley/platform/config';
import { LRUCache } from 'lru-cache';
import { authErrors } from '../auth.errors.js';
import { AuthMetrics } from '../auth.metrics.js';
import { AUDIENCE, accessClaims, TOKEN_TYPE, tokenHeader, type VerifiedToken } from './access-token.js';
import { TokenKeys, type VerificationKey } from './token-keys.js';

export interface AccessTokenSubject {
  readonly principalId: string;
  readonly orgId: string;
  readonly loginId: string;
  readonly authTime: Date;
  readonly amr: readonly string[];
}

export interface AccessToken {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
}

const LEEWAY_SECONDS = 30;
const MOST_REMEMBERED = 10_000;
const LONGEST_TOKEN = 4096;
/** Issuer where the deployment has no public address: all nodes on one database have to agree on it. */
const UNNAMED_ISSUER = 'urn:parley';

/** Makes and judges access tokens, for HTTP and sockets alike. */
@Injectable()
export class TokenService {
  private readonly issuer: string;
  private readonly lifeSeconds: number;
  /**
   * Tokens by their hash, so that a signature is computed once (0.1–0.2 ms, as much as a statement).
   * The login behind a token is read with every request all the same.
   */
  private readonly remembered = new LRUCache<string, VerifiedToken>({ max: MOST_REMEMBERED });

  constructor(
    private readonly jwt: JwtService,
    private readonly keys: TokenKeys,
    private readonly clock: Clock,
    private readonly metrics: AuthMetrics,
    @Inject(CONFIG) config: Config,
  ) {
    this.issuer = config.http.public_url ?? UNNAMED_ISSUER;
    this.lifeSeconds = Math.round(config.auth.access_token_minutes * 60);
  }

  async issue(subject: AccessTokenSubject): Promise<AccessToken> {
    const { kid, key } = await this.keys.signingKey();
    const now = this.nowSeconds();
    const claims = {
      iss: this.issuer,
      aud: AUDIENCE,
      sub: subject.principalId,
      org: subject.orgId,
      sid: subject.loginId,
      jti: randomBytes(16).toString('base64url'),
      iat: now,
      exp: now + this.lifeSeconds,
      auth_time: Math.floor(subject.authTime.getTime() / 1000),
      amr: [...subject.amr],
    };
    const token = this.jwt.sign(claims, {
      privateKey: key,
      algorithm: this.keys.algorithm,
      header: { alg: this.keys.algorithm, kid, typ: TOKEN_TYPE },
    });
    this.metrics.issued('access');
    return { token, expiresIn: this.lifeSeconds };
  }

  /** @throws TOKEN_INVALID, TOKEN_EXPIRED */
  async verify(token: string): Promise<VerifiedToken> {
    const known = this.recall(token);
    if (known !== undefined) return known;
    const { key } = await this.keyFor(token);
    return this.accept(token, this.checkSignature(token, key));
  }

  /** What passport-jwt has to check; the rest is `keyFor` before and `accept` after it. */
  checks() {
    return {
      algorithms: [this.keys.algorithm],
      issuer: this.issuer,
      audience: AUDIENCE,
      // By the injected clock, in `accept`.
      ignoreExpiration: true,
    };
  }

  /**
   * The key that a token names; it alone decides the algorithm.
   * @throws TOKEN_INVALID for another type, another algorithm and an unknown key
   */
  async keyFor(token: string): Promise<VerificationKey> {
    const header = headerOf(token);
    if (header === undefined || header.typ !== TOKEN_TYPE || header.alg !== this.keys.algorithm) throw invalidToken();
    const key = await this.keys.find(header.kid);
    if (key === undefined) throw invalidToken();
    return key;
  }

  /** A token that was verified before, if its key still stands. @throws TOKEN_EXPIRED */
  recall(token: string): VerifiedToken | undefined {
    const known = this.remembered.get(hash('sha256', token, 'base64'));
    if (known === undefined || !this.keys.holds(known.kid)) return undefined;
    this.refuseExpired(known);
    return known;
  }

  /**
   * Takes what a right signature was found under, and remembers it.
   * @throws TOKEN_INVALID, TOKEN_EXPIRED
   */
  accept(token: string, payload: unknown): VerifiedToken {
    const claims = accessClaims.safeParse(payload);
    const header = headerOf(token);
    if (!claims.success || header === undefined) throw invalidToken();
    const verified = { claims: claims.data, kid: header.kid };
    this.refuseExpired(verified);
    this.remembered.set(hash('sha256', token, 'base64'), verified);
    return verified;
  }

  private checkSignature(token: string, key: string | Buffer): unknown {
    try {
      const payload: unknown = this.jwt.verify(token, { publicKey: key, ...this.checks() });
      return payload;
    } catch (error) {
      throw invalidToken({ cause: error });
    }
  }

  private refuseExpired({ claims }: VerifiedToken): void {
    if (this.nowSeconds() < claims.exp + LEEWAY_SECONDS) return;
    throw authErrors.TOKEN_EXPIRED({ headers: CHALLENGE });
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.millis() / 1000);
  }
}

/** RFC 6750, section 3. */
const CHALLENGE = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };

export function invalidToken(facts: { detail?: string; cause?: unknown } = {}) {
  return authErrors.TOKEN_INVALID({ ...facts, headers: CHALLENGE });
}

function headerOf(token: string) {
  if (token.length > LONGEST_TOKEN) return undefined;
  const [encoded = ''] = token.split('.', 1);
  try {
    return tokenHeader.safeParse(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))).data;
  } catch {
    // Not JSON: whoever made it, it was not us.
    return undefined;
  }
}
