import { z } from 'zod';

/** Media type of access tokens in their header (RFC 9068): no other kind of JWT passes for one. */
export const TOKEN_TYPE = 'at+jwt';
export const AUDIENCE = 'parley';

/** How somebody proved who they are (RFC 8176). */
export type AuthenticationMethod = 'pwd';

const unixSeconds = z.number().int().nonnegative();

/** What an access token says. No roles, no e-mail: rights are read with every request, not carried. */
export const accessClaims = z.object({
  /** Principal. */
  sub: z.string(),
  org: z.string(),
  /** Login: one signed-in device. */
  sid: z.string(),
  jti: z.string(),
  iat: unixSeconds,
  exp: unixSeconds,
  /** When the person last proved who they are. */
  auth_time: unixSeconds,
  amr: z.array(z.string()),
});

export type AccessClaims = z.infer<typeof accessClaims>;

/** A token whose signature, type, issuer, audience and shape are right, and which has not expired. */
export interface VerifiedToken {
  readonly claims: AccessClaims;
  /** The key that signed it. */
  readonly kid: string;
}

export const tokenHeader = z.object({ alg: z.string(), kid: z.string(), typ: z.string() });
