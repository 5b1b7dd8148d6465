import { z } from 'zod';
import { secret, signingSecret, text, whole } from './shapes.js';

/** Accounts, and how much each may do. */
export const authSections = {
  auth: z
    .strictObject({
      registration: z.enum(['open', 'closed']).default('open').describe('Whether anybody may register.'),
      jwt_secret: signingSecret
        .nullable()
        .default(null)
        .describe('Sign access tokens with HS256 and this secret (>= 32 bytes) instead of ES256.'),
      access_token_minutes: z.number().min(1).max(60).default(30).describe('Life of an access token.'),
      refresh_token_days: z.number().min(1).max(90).default(30).describe('Life of a refresh token from each rotation.'),
      login_days: z.number().min(1).max(365).default(90).describe('Life of a login from sign-in.'),
      max_logins: whole(1, 1000).default(50).describe('Open logins of one user; the least recently used goes first.'),
      breached_list: text()
        .nullable()
        .default(null)
        .describe('File of SHA-1 hashes of breached passwords, one a line.'),
    })
    .prefault({})
    .describe('Accounts, tokens and logins.'),
  admin: z
    .strictObject({
      email: z.email().nullable().default(null).describe('First administrator, created once when there is none.'),
      password: secret().nullable().default(null).describe('Password of the first administrator.'),
    })
    .prefault({})
    .describe('The first administrator.'),
  limits: z
    .strictObject({
      enabled: z.boolean().default(true).describe('False for load tests: no rate and no concurrency limits.'),
      multiplier: z
        .number()
        .min(1)
        .max(1000)
        .default(1)
        .describe('Multiplies every rate limit, and the runs that a principal and an organisation may have.'),
      classes: z
        .record(
          z.string(),
          z.strictObject({ limit: whole(1), per_seconds: z.number().min(1), burst: whole(1).optional() }),
        )
        .default({})
        .describe('Limits by class, each in place of the whole default; without burst the window is fixed.'),
      runs_per_principal: whole(1).default(20).describe('Runs of one principal that may be running.'),
      runs_per_organisation: whole(1).default(2000).describe('Runs of one organisation that may be running.'),
    })
    .prefault({})
    .describe('Rate and concurrency limits.'),
};
