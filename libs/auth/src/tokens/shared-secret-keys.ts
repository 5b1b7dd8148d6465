import { createSecretKey, hash } from 'node:crypto';
import { type PublicJwk, type SigningKey, TokenKeys, type VerificationKey } from './token-keys.js';

/**
 * One secret that signs and verifies, for a deployment that must share it. Rotation is the operator's:
 * a changed secret has another name, so access tokens end at once and refresh tokens go on.
 */
export class SharedSecretKeys extends TokenKeys {
  readonly algorithm = 'HS256';
  private readonly signing: SigningKey;
  private readonly verifying: VerificationKey;

  /** @param secret at least 32 bytes: the configuration sees to it */
  constructor(secret: string) {
    super();
    const kid = `shared-${hash('sha256', `kid:${secret}`).slice(0, 12)}`;
    const key = Buffer.from(secret, 'utf8');
    this.signing = { kid, key: createSecretKey(key) };
    this.verifying = { kid, key };
  }

  signingKey(): Promise<SigningKey> {
    return Promise.resolve(this.signing);
  }

  find(kid: string): Promise<VerificationKey | undefined> {
    return Promise.resolve(this.holds(kid) ? this.verifying : undefined);
  }

  holds(kid: string): boolean {
    return kid === this.verifying.kid;
  }

  /** It is never revoked, only replaced. */
  drop(): void {}

  published(): Promise<PublicJwk[]> {
    return Promise.resolve([]);
  }
}
