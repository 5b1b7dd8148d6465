import { defineErrors } from '@parley/platform/errors';

export const authErrors = defineErrors({
  UNAUTHENTICATED: {
    status: 401,
    title: 'This needs a signed-in principal.',
    remedy: 'Sign in and send the access token as Authorization: Bearer <token>.',
  },
  TOKEN_INVALID: {
    status: 401,
    title: 'The access token is not valid here.',
    remedy: 'Get a new one with the refresh token, or sign in again.',
  },
  TOKEN_EXPIRED: {
    status: 401,
    title: 'The access token has expired.',
    remedy: 'Get a new one with the refresh token.',
  },
  INVALID_CREDENTIALS: {
    status: 401,
    title: 'Name and password do not fit.',
    remedy: 'Check both. The answer is the same for every cause.',
  },
  REFRESH_INVALID: {
    status: 401,
    title: 'The refresh token is not valid.',
    remedy: 'Sign in again.',
  },
  REFRESH_REUSED: {
    status: 401,
    title: 'The refresh token was used before; its login has been ended.',
    remedy: 'Sign in again. If it was not you who used it, somebody else has had a copy: tell the operator.',
  },
  PERMISSION_DENIED: {
    status: 403,
    title: 'The permission for this is missing.',
    remedy: 'Sign in as somebody who has it; GET /auth/me lists what one may do.',
  },
  REGISTRATION_CLOSED: {
    status: 403,
    title: 'Nobody can register here.',
    remedy: 'Ask the operator whether registration may be opened (auth.registration).',
  },
  ACCOUNT_LOCKED: {
    status: 423,
    title: 'Too many failed sign-ins with this name from here.',
    remedy: 'Wait for the number of seconds in Retry-After.',
  },
  WEAK_PASSWORD: {
    status: 400,
    title: 'The password is too easy to guess.',
    remedy: 'errors[] says why. Fourteen characters, or eight of three kinds, that are nobody else’s password.',
  },
  EMAIL_TAKEN: {
    status: 409,
    title: 'An account with this e-mail exists.',
    remedy: 'Sign in, or use another address.',
  },
  USERNAME_TAKEN: {
    status: 409,
    title: 'An account with this username exists.',
    remedy: 'Choose another username.',
  },
});
