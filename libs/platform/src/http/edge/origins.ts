import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../../config/index.js';

const METHODS = 'GET, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'X-API-Key',
  'X-CSRF-Token',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'Prefer',
  'X-Correlation-ID',
  'traceparent',
].join(', ');
const EXPOSED = [
  'ETag',
  'Location',
  'Link',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'WWW-Authenticate',
  'X-Correlation-ID',
  'Idempotent-Replayed',
  'Parley-Budget-Warning',
  'Deprecation',
  'Sunset',
].join(', ');
const MAX_AGE_SECONDS = '600';

/** Which web origins may read answers and open streams and sockets. */
export class Origins {
  private readonly listed: ReadonlySet<string>;
  private readonly own: string | undefined;

  constructor(config: Config) {
    this.listed = new Set(config.cors.origins);
    this.own = config.http.public_url === null ? undefined : new URL(config.http.public_url).origin;
  }

  /**
   * For streams and sockets, which browsers open across origins without asking first: no `Origin`
   * (no browser), a listed one, or our own.
   * @param host the `Host` header of the same request
   */
  mayOpen(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined || this.listed.has(origin) || origin === this.own) return true;
    return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
  }

  /** Writes the CORS headers. @returns true for a preflight request, which needs no other answer */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.listed.size > 0) response.setHeader('Vary', 'Origin');
    const { origin, 'access-control-request-method': asked } = request.headers;
    if (origin === undefined) return false;
    const preflight = request.method === 'OPTIONS' && asked !== undefined;
    if (!this.listed.has(origin)) return preflight;
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    if (preflight) {
      response.setHeader('Access-Control-Allow-Methods', METHODS);
      response.setHeader('Access-Control-Allow-Headers', REQUEST_HEADERS);
      response.setHeader('Access-Control-Max-Age', MAX_AGE_SECONDS);
    } else {
      response.setHeader('Access-Control-Expose-Headers', EXPOSED);
    }
    return preflight;
  }
}
