import type { KeyObject } from 'node:crypto';

/** What verifies tokens of one `kid`, in the form that jsonwebtoken takes: a PEM text or a shared secret. */
export interface VerificationKey {
  readonly kid: string;
  readonly key: string | Buffer;
}

export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** A JSON Web Key (RFC 7517) as the JWKS shows it. */
export type PublicJwk = Readonly<Record<string, unknown>>;

/** The keys of access tokens: a set with a life of its own in the database, or one shared secret. */
export abstract class TokenKeys {
  /** The only algorithm that is made or accepted; a token's header never chooses. */
  abstract readonly algorithm: 'ES256' | 'HS256';

  /** The key that new tokens are signed with; the first call makes one where there is none. */
  abstract signingKey(): Promise<SigningKey>;

  /** The key of that name, if it verifies tokens. */
  abstract find(kid: string): Promise<VerificationKey | undefined>;

  /** Whether `find` has met that key and it was not dropped since. */
  abstract holds(kid: string): boolean;

  /** Forgets a key that turned out to be revoked, and with it every token it signed. */
  abstract drop(kid: string): void;

  /** What everybody may know. */
  abstract published(): Promise<PublicJwk[]>;
}
