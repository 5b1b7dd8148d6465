import { configSchema } from '../../config/index.js';
import { negotiate } from './accept.js';
import { Hosts } from './hosts.js';
import { Origins } from './origins.js';
import { parseQuery } from './query-string.js';
import { isProbe } from './request-facts.js';
import { pagePolicy, securityHeaders, strictTransport } from './security-headers.js';
import { fromParser } from './server-errors.js';

describe('negotiate', () => {
  const JSON_AND_STREAM = ['application/json', 'text/event-stream'];
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['text/event-stream', 'text/event-stream'],
    ['application/json, text/event-stream', 'application/json'],
    ['application/json;q=0.5, text/event-stream', 'text/event-stream'],
    ['text/*', 'text/event-stream'],
    ['text/event-stream;q=0, */*', 'application/json'],
    ['Application/JSON; charset=utf-8', 'application/json'],
    ['application/json;q=0', undefined],
    ['image/png', undefined],
    ['', undefined],
    ['text/event-stream;q=nonsense', undefined],
  ])('takes %s for %s', (accept, expected) => {
    expect(negotiate(accept, JSON_AND_STREAM)).toBe(expected);
  });
});

describe('hosts', () => {
  it('are exact or suffixes, without their port; an empty list serves all', () => {
    const hosts = new Hosts(configSchema.parse({ http: { allowed_hosts: ['Parley.example', '*.corp.example'] } }));
    const served = ['parley.example', 'PARLEY.example:8443', 'a.corp.example', 'a.b.corp.example:1'];
    const foreign = ['corp.example', 'evilcorp.example', 'parley.example.evil.example', '', 'x.parley.example'];
    expect(served.filter((host) => !hosts.serves(host))).toEqual([]);
    expect(foreign.filter((host) => hosts.serves(host))).toEqual([]);
    expect(new Hosts(configSchema.parse({})).serves('anything')).toBe(true);
  });
});

describe('origins of streams and sockets', () => {
  const origins = new Origins(
    configSchema.parse({ cors: { origins: ['https://app.example'] }, http: { public_url: 'https://api.example' } }),
  );
  it.each([
    [undefined, 'x', true],
    ['https://app.example', 'x', true],
    ['https://api.example', 'x', true],
    ['http://localhost:3000', 'localhost:3000', true],
    ['https://evil.example', 'localhost:3000', false],
    ['null', 'localhost:3000', false],
    ['https://app.example.evil.example', undefined, false],
  ])('%s to %s: %s', (origin, host, expected) => {
    expect(origins.mayOpen(origin, host)).toBe(expected);
  });
});

it('reads queries, decoded, each member once', () => {
  expect(parseQuery('a=1&b=x+y%20z&c&d=%C3%BC&&toString=1')).toEqual({
    a: '1',
    b: 'x y z',
    c: '',
    d: 'ü',
    toString: '1',
  });
  expect(parseQuery('')).toEqual({});
});

it('knows the probes by all their paths', () => {
  const probes = ['/health', '/health/live', '/api/health', '/api/v1/health/ready'];
  expect(probes.every(isProbe)).toBe(true);
  expect(['/healthy', '/api/v2/health', '/health/../x', '/metrics'].some(isProbe)).toBe(false);
});

it('pins https only where there is more than a trial at stake', () => {
  const pins = (env: string) => strictTransport(configSchema.parse({ env }));
  expect([pins('development'), pins('test')]).toEqual([undefined, undefined]);
  expect(pins('staging')).toBe('max-age=31536000; includeSubDomains');
});

it('lets pages run nothing but what carries the nonce', () => {
  const policy = pagePolicy('abc', true);
  expect(policy).toContain("script-src 'self' 'nonce-abc'");
  expect(policy).toContain('upgrade-insecure-requests');
  expect(pagePolicy('abc', false)).not.toContain('upgrade');
  expect(policy).not.toContain('unsafe');
  expect(new Set(securityHeaders().map(([name]) => name.toLowerCase())).size).toBe(securityHeaders().length);
});

it.each([
  ['HPE_HEADER_OVERFLOW', Buffer.from(`GET / HTTP/1.1\r\nX: ${'a'.repeat(100)}`), 431],
  ['HPE_HEADER_OVERFLOW', Buffer.from(`GET /${'a'.repeat(17_000)}`), 414],
  ['HPE_HEADER_OVERFLOW', undefined, 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', undefined, 413],
  ['ERR_HTTP_REQUEST_TIMEOUT', undefined, 408],
  ['HPE_INVALID_METHOD', undefined, 405],
  ['HPE_INVALID_CONSTANT', undefined, 400],
])('turns the parser’s %s into %#', (code, rawPacket, status) => {
  expect(fromParser(Object.assign(new Error('parse error'), { code, rawPacket })).status).toBe(status);
});
