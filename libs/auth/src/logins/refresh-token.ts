import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'prt_';
const SHAPE = /^prt_[A-Za-z0-9_-]{43}$/;

export interface NewRefreshToken {
  readonly token: string;
  /** SHA-256: all that is stored. */
  readonly hash: Buffer;
}

/** Opaque: 32 random bytes. */
export function newRefreshToken(): NewRefreshToken {
  const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  return { token, hash: sha256(token) };
}

/** @returns undefined for what can be no refresh token */
export function hashRefreshToken(token: string): Buffer | undefined {
  return SHAPE.test(token) ? sha256(token) : undefined;
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
