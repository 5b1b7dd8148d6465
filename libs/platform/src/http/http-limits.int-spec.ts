import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { type HttpTestApp, openHttpApp, read } from './http-app.factory.js';

let store: TestDatabase;

beforeAll(async () => {
  store = await openTestDatabase();
});

afterAll(async () => {
  await store.close();
});

const headersOf = ({ headers }: Response) => [headers.get('ratelimit'), headers.get('ratelimit-policy')];

describe('limits over HTTP', () => {
  let http: HttpTestApp;
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${http.url}${path}`, { headers, method });

  beforeAll(async () => {
    const few = (limit: number) => ({ limit, per_seconds: 60 });
    http = await openHttpApp(store.database, {
      http: { trusted_proxies: ['127.0.0.1/32'] },
      limits: { classes: { read: few(2), write: few(1), anonymous: few(3), docs: few(1), 'auth.login': few(2) } },
    });
  });

  afterAll(async () => {
    await http.app.close();
  });

  it('count a principal’s reads and writes apart, and tell how it stands', async () => {
    const path = '/api/v1/odd/who';
    expect(headersOf(await ask(path, { 'x-user': 'usr_a' }))).toEqual(['"read";r=1;t=60', '"read";q=2;w=60']);
    await ask(path, { 'x-user': 'usr_a' });
    const refused = await ask(path, { 'x-user': 'usr_a' });
    expect(refused.status).toBe(429);
    expect(headersOf(refused)).toEqual([expect.stringMatching(/^"read";r=0;t=(59|60)$/), '"read";q=2;w=60']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(refused.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await read(refused)).toMatchObject({
      code: 'RATE_LIMITED',
      policy: 'read',
      limit: 2,
      window: 60,
      retry_after: expect.any(Number),
    });
    const written = await ask('/api/v1/odd/login', { 'x-user': 'usr_b' }, 'POST');
    expect(headersOf(written)).toEqual(['"auth.login";r=1;t=60', '"auth.login";q=2;w=60']);
    expect((await ask(path, { 'x-user': 'usr_b' })).status).toBe(200);
  });

  it('count who is not signed in by address, as the nearest trusted proxy gives it', async () => {
    const from = (address: string) => ask('/api/v1/odd/who', { 'x-forwarded-for': address });
    const statuses = async (address: string, calls: number) => {
      const seen: number[] = [];
      for (let made = 0; made < calls; made += 1) seen.push((await from(address)).status);
      return seen;
    };
    expect(await statuses('198.51.100.1', 4)).toEqual([200, 200, 200, 429]);
    // Only the right-most entry was written by somebody whom we trust.
    expect((await from('203.0.113.9, 198.51.100.1')).status).toBe(429);
    expect((await from('198.51.100.1, 198.51.100.2')).status).toBe(200);
    expect(await statuses('2001:db8::1', 3)).toEqual([200, 200, 200]);
    expect((await from('2001:db8::2')).status).toBe(429);
  });

  it('hold for documents too', async () => {
    expect((await ask('/problems')).status).toBe(200);
    expect((await ask('/openapi.json')).status).toBe(429);
  });

  it('hold over restarts where the database counts', async () => {
    const login = (url: string) =>
      fetch(`${url}/api/v1/odd/login`, { method: 'POST', headers: { 'x-forwarded-for': '203.0.113.5' } });
    expect((await login(http.url)).status).toBe(200);
    expect((await login(http.url)).status).toBe(200);
    const second = await openHttpApp(store.database, {
      http: { trusted_proxies: ['127.0.0.1/32'] },
      limits: { classes: { 'auth.login': { limit: 2, per_seconds: 60 } } },
    });
    expect((await login(second.url)).status).toBe(429);
    await second.app.close();
  });
});

it('switches all of them off', async () => {
  const http = await openHttpApp(store.database, {
    env: 'development',
    limits: { enabled: false, classes: { anonymous: { limit: 1, per_seconds: 60 } } },
  });
  const answers = await Promise.all(Array.from({ length: 70 }, () => fetch(`${http.url}/api/v1/odd/who`)));
  expect(answers.every(({ status, headers }) => status === 200 && !headers.has('ratelimit'))).toBe(true);
  await http.app.close();
});

describe('behind https', () => {
  it('sends readers on, refuses writers, spares probes, and pins what comes over https', async () => {
    const http = await openHttpApp(store.database, {
      env: 'production',
      http: { public_url: 'https://parley.example/', trusted_proxies: ['127.0.0.1/32'] },
    });
    const ask = (path: string, init: RequestInit = {}) => fetch(`${http.url}${path}`, { redirect: 'manual', ...init });
    const plain = await ask('/api/v1/odd/who?a=1');
    expect([plain.status, plain.headers.get('location')]).toEqual([301, 'https://parley.example/api/v1/odd/who?a=1']);
    const post = await ask('/api/v1/odd/echo', { method: 'POST' });
    expect([post.status, (await read(post)).code]).toEqual([403, 'HTTPS_REQUIRED']);
    expect((await ask('/health/live')).status).toBe(404);
    const secure = await ask('/api/v1/odd/who', { headers: { 'x-forwarded-proto': 'https' } });
    expect([secure.status, secure.headers.get('strict-transport-security')]).toEqual([
      200,
      'max-age=31536000; includeSubDomains',
    ]);
    expect(plain.headers.has('strict-transport-security')).toBe(false);
    await http.app.close();
  });
});
