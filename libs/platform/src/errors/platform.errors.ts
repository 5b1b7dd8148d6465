import { defineErrors } from './define-errors.js';

/** Codes that any route, event or job may answer with, whatever it is about. */
export const platformErrors = defineErrors({
  BAD_REQUEST: {
    status: 400,
    title: 'The request could not be understood.',
    remedy: 'Check the syntax of the request line, headers and body.',
  },
  VALIDATION_FAILED: {
    status: 400,
    title: 'The input does not have the declared shape.',
    remedy: 'Mend the members named in errors[] and send again.',
  },
  INVALID_TEXT: {
    status: 400,
    title: 'The text holds characters that cannot be stored.',
    remedy: 'Remove U+0000 and unpaired surrogates.',
  },
  INVALID_CURSOR: {
    status: 400,
    title: 'The cursor is not one of this list.',
    remedy: 'Use next_cursor exactly as given, with the same filters, or start without a cursor.',
  },
  FORBIDDEN_KEY: {
    status: 400,
    title: 'A member name is not allowed.',
    remedy: 'Rename members called __proto__, constructor or prototype.',
  },
  HOST_NOT_ALLOWED: {
    status: 400,
    title: 'This host name is not served here.',
    remedy: 'Use a host listed in http.allowed_hosts.',
  },
  NOT_FOUND: {
    status: 404,
    title: 'There is no such thing here.',
    remedy: 'Check the address; an object of somebody else answers the same.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'This method is not offered here.',
    remedy: 'Use a method listed in the Allow header.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    title: 'None of the accepted media types can be produced.',
    remedy: 'Accept application/json or what the route documents.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'The request did not arrive in time.',
    remedy: 'Send headers and body within the time that this service allows: 10 s and 30 s by default.',
  },
  CONFLICT: {
    status: 409,
    title: 'The request collides with the present state.',
    remedy: 'Read the object again and decide anew.',
  },
  IDEMPOTENCY_IN_PROGRESS: {
    status: 409,
    title: 'The first call with this Idempotency-Key is still running.',
    remedy: 'Repeat the same call a little later.',
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: 'The object has changed since it was read.',
    remedy: 'Read it again, apply the change to the new version and send its ETag.',
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    title: 'The body is too large.',
    remedy: 'Send at most the number of bytes that the route documents.',
  },
  URI_TOO_LONG: { status: 414, title: 'The address is too long.', remedy: 'Shorten the query string.' },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: 'This media type is not understood here.',
    remedy: 'Send application/json in UTF-8 without Content-Encoding.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'This Idempotency-Key was used with another body.',
    remedy: 'Use a new key for a new request.',
  },
  PRECONDITION_REQUIRED: {
    status: 428,
    title: 'This change needs If-Match.',
    remedy: 'Read the object and send its ETag in If-Match.',
  },
  RATE_LIMITED: { status: 429, title: 'Too many requests.', remedy: 'Wait for the number of seconds in Retry-After.' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large.', remedy: 'Send fewer or shorter headers.' },
  INTERNAL: {
    status: 500,
    title: 'Something went wrong on our side.',
    remedy: 'Report the correlation id to the operator.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'The database cannot be reached right now.',
    remedy: 'Try again in a moment; nothing of this request was stored unless its answer said so.',
  },
  OVERLOADED: {
    status: 503,
    title: 'This node has more work than it may accept.',
    remedy: 'Try again after Retry-After.',
  },
  SHUTTING_DOWN: {
    status: 503,
    title: 'This node is leaving service.',
    remedy: 'Repeat the request; another node will take it.',
  },
  REQUEST_DEADLINE: {
    status: 503,
    title: 'The request took longer than it may.',
    remedy: 'Try again; ask for less at once.',
  },
  FORBIDDEN: { status: 403, title: 'This is not allowed.', remedy: 'Ask somebody who may.' },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    title: 'This origin may not open a stream here.',
    remedy: 'Ask the operator to list the origin in cors.origins.',
  },
  HTTPS_REQUIRED: {
    status: 403,
    title: 'This service is reached by https only.',
    remedy: 'Use https; consider a credential that was sent in the clear as known to others.',
  },
  EXPECTATION_FAILED: {
    status: 417,
    title: 'The expectation of the request cannot be met.',
    remedy: 'Leave the Expect header out.',
  },
  UNKNOWN_FIELD: {
    status: 400,
    title: 'A member is not known here.',
    remedy: 'Leave out the members named in errors[], or mend their spelling.',
  },
});
