import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import type { Config } from '../../config/index.js';

export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>;

const PERMISSIONS_POLICY =
  'accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()';

/** What helmet says, asked once: it says the same for every answer. */
function fromHelmet(): HeaderList {
  const answer = new ServerResponse(new IncomingMessage(new Socket()));
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    // Depends on how the request came: see `STRICT_TRANSPORT`.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
    frameguard: { action: 'deny' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    permittedCrossDomainPolicies: { permittedPolicies: 'none' },
    originAgentCluster: false,
    dnsPrefetchControl: false,
    ieNoOpen: false,
  })(answer.req, answer, () => undefined);
  return Object.entries(answer.getHeaders()).map(([name, value]) => [canonical(name), String(value)] as const);
}

/** Header names as they are usually written. */
function canonical(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => `${dash}${letter.toUpperCase()}`);
}

/** The headers of every answer: errors, 304 and streams included. */
export function securityHeaders(): HeaderList {
  return [
    ...fromHelmet().filter(([name]) => name !== 'X-Xss-Protection'),
    // For old scanners only: the content security policy is the wall.
    ['X-XSS-Protection', '1; mode=block'],
    ['Permissions-Policy', PERMISSIONS_POLICY],
  ];
}

const STRICT_TRANSPORT = 'max-age=31536000; includeSubDomains';

/** `Strict-Transport-Security` for answers over https, where there is more than a trial at stake. */
export function strictTransport(config: Config): string | undefined {
  return config.env === 'staging' || config.env === 'production' ? STRICT_TRANSPORT : undefined;
}

/** The policy of pages that we serve ourselves: nothing inline but what carries the nonce of this answer. */
export function pagePolicy(nonce: string, secure: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    ...(secure ? ['upgrade-insecure-requests'] : []),
    'report-to csp',
  ].join('; ');
}
