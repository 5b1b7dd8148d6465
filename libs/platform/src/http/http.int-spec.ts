import { Logger } from '@nestjs/common';
import { newId } from '../ids/index.js';
import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { type HttpTestApp, openHttpApp, read } from './http-app.factory.js';

const SESSION = newId('session');

const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-xss-protection': '1; mode=block',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-permitted-cross-domain-policies': 'none',
  'permissions-policy':
    'accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()',
};

function expectSecurityHeaders(answer: globalThis.Response): void {
  expect(Object.fromEntries(answer.headers)).toMatchObject(SECURITY_HEADERS);
  expect(answer.headers.get('x-correlation-id')).toMatch(/^[\w.-]{1,64}$/);
  expect(answer.headers.has('server')).toBe(false);
  expect(answer.headers.has('x-powered-by')).toBe(false);
}

let store: TestDatabase;
let http: HttpTestApp;

beforeAll(async () => {
  store = await openTestDatabase();
  http = await openHttpApp(store.database, {
    cors: { origins: ['https://app.example'] },
    http: { request_timeout_seconds: 1, body_timeout_seconds: 1 },
    limits: { classes: { docs: { limit: 1000, per_seconds: 60 }, export: { limit: 2, per_seconds: 60 } } },
  });
});

afterAll(async () => {
  await http.app.close();
  await store.close();
});

const ask = (path: string, init?: RequestInit) => fetch(`${http.url}${path}`, init);
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('headers of every answer', () => {
  it('stand on 200, 201, 204, 304, 400, 404, 405, 500 and streams', async () => {
    const answers = await Promise.all([
      ask(`/api/v1/things/${SESSION}`),
      post('/api/v1/things', { name: 'a' }),
      ask(`/api/v1/things/${SESSION}`, { method: 'DELETE' }),
      ask(`/api/v1/things/${SESSION}`, { headers: { 'if-none-match': '"7.42"' } }),
      post('/api/v1/things', '{'),
      ask('/api/v1/nothing'),
      ask('/nothing'),
      ask('/api/v1/odd/boom', { method: 'PUT' }),
      ask('/api/v1/odd/boom'),
      ask('/api/v1/odd/stream', { headers: { accept: 'text/event-stream' } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 204, 304, 400, 404, 404, 405, 500, 200]);
    for (const answer of answers) expectSecurityHeaders(answer);
  });

  it('gives a problem without anything of what broke', async () => {
    const answer = await ask('/api/v1/odd/boom', { headers: { 'x-correlation-id': 'given-1' } });
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(text)).toEqual({
      type: '/problems/INTERNAL',
      title: 'Something went wrong on our side.',
      status: 500,
      detail: 'Something went wrong on our side.',
      instance: '/api/v1/odd/boom',
      code: 'INTERNAL',
      correlation_id: 'given-1',
    });
    expect(answer.headers.get('x-correlation-id')).toBe('given-1');
  });

  it('accepts only well-formed correlation ids, and keeps them over awaits, with and without a body', async () => {
    const odd = await ask('/api/v1/odd/who', { headers: { 'x-correlation-id': 'no spaces' } });
    const made = odd.headers.get('x-correlation-id');
    expect(made).not.toBe('no spaces');
    expect(await odd.json()).toEqual({ correlation_id: made });
    const answer = await post('/api/v1/odd/echo', { a: 1 }, { 'x-correlation-id': 'abc_1.2-3' });
    expect(await answer.json()).toEqual({ correlation_id: 'abc_1.2-3', body: { a: 1 } });
  });

  it('compresses from 1 kB when asked, and never a stream', async () => {
    const plain = await ask(`/api/v1/things/${SESSION}`, { headers: { 'accept-encoding': 'identity' } });
    const packed = await ask(`/api/v1/things/${SESSION}`, { headers: { 'accept-encoding': 'br' } });
    const stream = await ask('/api/v1/odd/stream', {
      headers: { 'accept-encoding': 'gzip', accept: 'text/event-stream' },
    });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(packed.headers.get('content-encoding')).toBe('br');
    expect(await packed.json()).toEqual(await plain.json());
    expect(stream.headers.get('content-encoding')).toBeNull();
    expect(await stream.text()).toMatch(/^id: 1\nevent: message.created\ndata: {"a":1}\n\n(?::\n\n)+$/);
  });
});

describe('routing', () => {
  it('names the methods of a path in Allow', async () => {
    const answer = await ask(`/api/v1/things/${SESSION}`, { method: 'PATCH' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS, PUT');
    expect((await read(answer)).code).toBe('METHOD_NOT_ALLOWED');
    const options = await ask('/api/v1/things', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
  });

  it('answers a malformed id byte for byte as an unknown address answers, but for path and correlation id', async () => {
    const malformed = await ask('/api/v1/things/ses_%00', { headers: { 'x-correlation-id': 'c' } });
    const wrong = await ask('/api/v1/things/usr_1', { headers: { 'x-correlation-id': 'c' } });
    const [a, b] = [await read(malformed), await read(wrong)];
    expect([malformed.status, wrong.status]).toEqual([404, 404]);
    expect({ ...a, instance: '' }).toEqual({ ...b, instance: '' });
  });

  it('refuses what cannot be accepted', async () => {
    const answer = await ask(`/api/v1/things/${SESSION}`, { headers: { accept: 'image/png' } });
    expect(answer.status).toBe(406);
    const foreign = await ask('/api/v1/odd/stream', {
      headers: { accept: 'text/event-stream', origin: 'https://evil.example' },
    });
    expect([foreign.status, (await read(foreign)).code]).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
  });

  it('reflects no markup of the path', async () => {
    const answer = await ask('/api/v1/%3Cscript%3E');
    expect(await answer.text()).not.toContain('<script>');
  });
});

describe('cross-origin requests', () => {
  const preflight = (origin: string) =>
    ask('/api/v1/things', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });

  it('lets a listed origin through, with credentials, and nobody else', async () => {
    const listed = await preflight('https://app.example');
    expect(listed.status).toBe(204);
    expect(listed.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(listed.headers.get('access-control-allow-credentials')).toBe('true');
    expect(listed.headers.get('access-control-allow-methods')).toBe('GET, POST, PUT, PATCH, DELETE');
    expect(listed.headers.get('access-control-max-age')).toBe('600');
    const foreign = await preflight('https://evil.example');
    expect(foreign.headers.has('access-control-allow-origin')).toBe(false);
    const simple = await ask('/api/v1/things', { headers: { origin: 'https://app.example' } });
    expect(simple.headers.get('access-control-expose-headers')).toContain('Idempotent-Replayed');
    expect(simple.headers.get('vary')).toContain('Origin');
  });
});

describe('versions', () => {
  it('answers 304, 412 and 428 by the tags', async () => {
    const read = await ask(`/api/v1/things/${SESSION}`);
    expect(read.headers.get('etag')).toBe('"7.42"');
    expect(read.headers.get('cache-control')).toBe('private, no-cache');
    const again = await ask(`/api/v1/things/${SESSION}`, { headers: { 'if-none-match': 'W/"7.42", "x"' } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const put = (headers: Record<string, string>) => ask(`/api/v1/things/${SESSION}`, { method: 'PUT', headers });
    expect((await put({ 'if-match': '"7.1"' })).status).toBe(200);
    expect((await put({ 'if-match': '"6.42"' })).status).toBe(412);
    expect((await put({})).status).toBe(428);
  });
});

describe('lists', () => {
  it('pages to the end by Link, each item once', async () => {
    let path: string | undefined = '/api/v1/things?limit=50&fields=version';
    const seen: unknown[] = [];
    while (path !== undefined) {
      const answer = await ask(path);
      const page = await read(answer);
      seen.push(...page.items);
      path = /^<(.+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
      expect(page.next_cursor === null).toBe(path === undefined);
    }
    expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => ({ version: index + 1 })));
  });

  it.each([
    ['limit=0', '/limit', 'OUT_OF_BOUNDS'],
    ['limit=201', '/limit', 'OUT_OF_BOUNDS'],
    ['limit=ten', '/limit', 'INVALID_TYPE'],
    ['order=up', '/order', 'INVALID_VALUE'],
    ['fields=a;b', '/fields', 'INVALID_FORMAT'],
  ])('refuses %s', async (query, pointer, code) => {
    const answer = await ask(`/api/v1/things?${query}`);
    const problem = await read(answer);
    expect([answer.status, problem.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(problem.errors).toMatchObject([{ pointer, code }]);
  });

  it.each([
    ['limit=1&limit=2', 'BAD_REQUEST'],
    ['colour=red', 'UNKNOWN_FIELD'],
    ['cursor=made-up', 'INVALID_CURSOR'],
    ['a=%ff', 'BAD_REQUEST'],
    ['fields=%00', 'INVALID_TEXT'],
    ['__proto__=1', 'FORBIDDEN_KEY'],
    [Array.from({ length: 101 }, (_, index) => `p${index}=1`).join('&'), 'BAD_REQUEST'],
  ])('refuses the query %s', async (query, code) => {
    const answer = await ask(`/api/v1/things?${query}`);
    expect([answer.status, (await read(answer)).code]).toEqual([400, code]);
  });
});

it.each(['GET', 'PUT'])('refuses a query to %s of a route that reads none', async (method) => {
  const answer = await ask('/api/v1/things/ses_01ARZ3NDEKTSV4RRFFQ69G5FAV?fields=name', { method });
  const problem = await read(answer);
  expect([answer.status, problem.code]).toEqual([400, 'UNKNOWN_FIELD']);
  expect(problem.errors).toMatchObject([{ pointer: '/fields', code: 'UNKNOWN_FIELD' }]);
});

describe('documents', () => {
  it.each(['', '/api/v1'])('serves them at %s/', async (base) => {
    const openapi = await ask(`${base}/openapi.json`);
    expect(await openapi.json()).toEqual({ openapi: '3.1.0', paths: {} });
    expect((await ask(`${base}/asyncapi.json`)).status).toBe(200);
    const first = await ask(`${base}/docs`);
    const second = await ask(`${base}/redoc`);
    const nonces = [first, second].map(
      ({ headers }) => /'nonce-([^']+)'/.exec(headers.get('content-security-policy') ?? '')?.[1],
    );
    expect(new Set(nonces).size).toBe(2);
    expect(first.headers.get('content-security-policy')).not.toContain('unsafe-');
    const html = await first.text();
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(new RegExp(`<script nonce="${nonces[0]?.replaceAll('+', '\\+')}" src=`, 'g'))).toHaveLength(2);
    expectSecurityHeadersOfPage(first);
  });

  it('sends them once to who keeps them', async () => {
    const etag = (await ask('/openapi.json')).headers.get('etag') ?? '';
    const again = await ask('/openapi.json', { headers: { 'if-none-match': etag } });
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
    expect((await ask('/openapi.json', { headers: { 'if-none-match': '"another"' } })).status).toBe(200);
  });

  it('lists the codes for readers and for programs', async () => {
    const listed = await ask('/problems', { headers: { accept: 'text/html' } });
    expect(await listed.text()).toContain('<a href="/problems/RATE_LIMITED"><code>RATE_LIMITED</code></a>');
    const { items } = await read(await ask('/problems'));
    expect(items).toContainEqual(expect.objectContaining({ code: 'RATE_LIMITED' }));
  });

  it('serves the scripts that the pages name, and no other file', async () => {
    const script = await ask('/docs/assets/swagger-ui-bundle.js');
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect((await script.text()).length).toBeGreaterThan(100_000);
    expect((await ask('/docs/assets/redoc.standalone.js')).status).toBe(200);
    expect((await ask('/docs/assets/swagger-start.js')).status).toBe(200);
    for (const name of ['package.json', '..%2fpackage.json', 'constructor']) {
      expect((await ask(`/docs/assets/${name}`)).status).toBe(404);
    }
  });

  it('explains each code as JSON and as HTML', async () => {
    const json = await ask('/problems/RATE_LIMITED');
    expect(await json.json()).toMatchObject({ code: 'RATE_LIMITED', status: 429, type: '/problems/RATE_LIMITED' });
    const html = await ask('/problems/RATE_LIMITED', { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(html.headers.get('content-type')).toContain('text/html');
    expect(await html.text()).toContain('<h1><code>RATE_LIMITED</code></h1>');
    expect((await ask('/problems/NO_SUCH')).status).toBe(404);
  });

  it('switches all of them off as one', async () => {
    const silent = await openHttpApp(store.database, { http: { docs: false } });
    for (const path of ['/openapi.json', '/docs', '/redoc', '/asyncapi.json', '/docs/assets/swagger-ui.css']) {
      const answer = await fetch(`${silent.url}${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
    }
    await silent.app.close();
  });
});

function expectSecurityHeadersOfPage(answer: globalThis.Response): void {
  const { 'content-security-policy': _, ...others } = SECURITY_HEADERS;
  expect(Object.fromEntries(answer.headers)).toMatchObject(others);
}

describe('the line of a request in the log', () => {
  afterEach(() => Logger.overrideLogger(false));

  it.each([
    ['development', false, {}],
    ['development', true, { body: { name: 'a' } }],
    ['staging', true, {}],
  ])('in %s, with log.bodies %s, adds %j', async (env, bodies, expected) => {
    const developer = await openHttpApp(store.database, { env, log: { bodies } });
    const lines: object[] = [];
    const nothing = () => undefined;
    Logger.overrideLogger({ log: (line: object) => void lines.push(line), warn: nothing, error: nothing });
    for (const [method, more] of [
      ['POST', { body: '{"name":"a"}' }],
      ['GET', {}],
    ] as const)
      await fetch(`${developer.url}/api/v1/things`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...more,
      });
    await developer.app.close();
    // Another application's page may still be on its way out.
    const requests = lines.filter((line) => Reflect.get(line, 'route') === '/api/v1/things');
    expect(requests).toMatchObject([
      { method: 'POST', status: 201, ...expected },
      { method: 'GET', status: 200 },
    ]);
    expect(requests.map((line) => 'body' in line)).toEqual(['body' in expected, false]);
  });
});

describe('time limits', () => {
  it('ends a request that takes too long, but not one that may', async () => {
    const [slow, patient] = await Promise.all([ask('/api/v1/odd/slow'), ask('/api/v1/odd/patient')]);
    expect([slow.status, (await read(slow)).code]).toEqual([503, 'REQUEST_DEADLINE']);
    expect(await patient.json()).toEqual({ late: true });
    expectSecurityHeaders(slow);
  });
});
