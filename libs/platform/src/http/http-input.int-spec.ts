import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { type HttpTestApp, made, openHttpApp, read } from './http-app.factory.js';

const PATH = '/api/v1/things';

let store: TestDatabase;
let http: HttpTestApp;

beforeAll(async () => {
  store = await openTestDatabase();
  http = await openHttpApp(store.database, {
    http: {
      headers_timeout_seconds: 1,
      body_timeout_seconds: 1,
      request_timeout_seconds: 5,
      allowed_hosts: ['127.0.0.1', '*.parley.example'],
    },
  });
});

afterAll(async () => {
  await http.app.close();
  await store.close();
});

const post = (body: string | Uint8Array, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  fetch(`${http.url}${PATH}`, {
    method: 'POST',
    headers,
    body,
  });

const deep = (levels: number) => `{"name":"a","metadata":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;

/** Sends bytes as they are, and gathers what comes back until the line closes or a while has passed. */
async function raw(parts: readonly string[], pauseMs = 0): Promise<string> {
  const socket = connect(http.port, '127.0.0.1');
  let text = '';
  let closed = false;
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.on('close', () => {
    closed = true;
  });
  // A server that has refused closes while we are still sending.
  socket.on('error', () => {
    closed = true;
  });
  for (const part of parts) {
    if (closed) break;
    socket.write(part);
    await sleep(pauseMs);
  }
  for (let waited = 0; waited < 3000 && !closed && !text.includes('\r\n\r\n'); waited += 20) await sleep(20);
  await sleep(50);
  socket.destroy();
  return text;
}

const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);

describe('bodies', () => {
  beforeEach(() => {
    made.things = 0;
  });
  afterEach(() => {
    expect(made.things).toBe(0);
  });

  it.each([
    ['malformed JSON', '{"name":', 400, 'BAD_REQUEST', undefined],
    ['an array', '[]', 400, 'VALIDATION_FAILED', { pointer: '', code: 'INVALID_TYPE' }],
    ['a text', '"name"', 400, 'VALIDATION_FAILED', { pointer: '', code: 'INVALID_TYPE' }],
    ['null', 'null', 400, 'VALIDATION_FAILED', { pointer: '', code: 'INVALID_TYPE' }],
    ['a missing member', '{}', 400, 'VALIDATION_FAILED', { pointer: '/name', code: 'REQUIRED' }],
    ['a number for a text', '{"name":5}', 400, 'VALIDATION_FAILED', { pointer: '/name', code: 'INVALID_TYPE' }],
    [
      'a text for a number',
      '{"name":"a","size":"5"}',
      400,
      'VALIDATION_FAILED',
      { pointer: '/size', code: 'INVALID_TYPE' },
    ],
    ['an empty text', '{"name":""}', 400, 'VALIDATION_FAILED', { pointer: '/name', code: 'TOO_SHORT' }],
    ['a long text', `{"name":"${'a'.repeat(101)}"}`, 400, 'VALIDATION_FAILED', { pointer: '/name', code: 'TOO_LONG' }],
    ['an unknown member', '{"name":"a","nam":1}', 400, 'UNKNOWN_FIELD', { pointer: '/nam', code: 'UNKNOWN_FIELD' }],
    [
      'an unknown member inside',
      '{"name":"a","parts":[{"text":"t","a/b":1}]}',
      400,
      'UNKNOWN_FIELD',
      { pointer: '/parts/0/a~1b', code: 'UNKNOWN_FIELD' },
    ],
    [
      'a wrong type inside',
      '{"name":"a","parts":[{"text":"t"},{"text":1}]}',
      400,
      'VALIDATION_FAILED',
      { pointer: '/parts/1/text', code: 'INVALID_TYPE' },
    ],
    [
      'too many items',
      '{"name":"a","parts":[{"text":"t"},{"text":"t"},{"text":"t"},{"text":"t"}]}',
      400,
      'VALIDATION_FAILED',
      { pointer: '/parts', code: 'TOO_MANY_ITEMS' },
    ],
    [
      '1001 items',
      `{"name":"a","metadata":{"l":[${'1,'.repeat(1000)}1]}}`,
      400,
      'VALIDATION_FAILED',
      { pointer: '/metadata/l', code: 'TOO_MANY_ITEMS' },
    ],
    ['33 levels', deep(32), 400, 'VALIDATION_FAILED', { code: 'TOO_DEEP' }],
    ['100,000 levels', deep(100_000), 400, 'VALIDATION_FAILED', { code: 'TOO_DEEP' }],
    [
      '__proto__',
      '{"name":"a","metadata":{"__proto__":{"x":1}}}',
      400,
      'FORBIDDEN_KEY',
      { pointer: '/metadata/__proto__', code: 'FORBIDDEN_KEY' },
    ],
    [
      'constructor',
      '{"name":"a","constructor":1}',
      400,
      'FORBIDDEN_KEY',
      { pointer: '/constructor', code: 'FORBIDDEN_KEY' },
    ],
    ['U+0000', '{"name":"a\\u0000b"}', 400, 'INVALID_TEXT', { pointer: '/name', code: 'INVALID_TEXT' }],
    [
      'a lone surrogate',
      '{"name":"a","metadata":{"t":["\\ud800"]}}',
      400,
      'INVALID_TEXT',
      { pointer: '/metadata/t/0', code: 'INVALID_TEXT' },
    ],
    ['2 MB', `{"name":"${'a'.repeat(2_000_000)}"}`, 413, 'PAYLOAD_TOO_LARGE', undefined],
  ])('refuses %s', async (_, body, status, code, finding) => {
    const answer = await post(body);
    const problem = await read(answer);
    expect([answer.status, problem.code]).toEqual([status, code]);
    if (finding !== undefined) expect(problem.errors).toEqual([expect.objectContaining(finding)]);
  });

  it('refuses bytes that are no UTF-8', async () => {
    const answer = await post(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expect([answer.status, (await read(answer)).code]).toEqual([400, 'BAD_REQUEST']);
  });

  it.each([
    ['text/xml', {}],
    ['application/json; charset=latin1', {}],
    ['multipart/form-data; boundary=x', {}],
    ['', {}],
    ['application/json', { 'content-encoding': 'gzip' }],
  ])('refuses the type "%s" %j', async (type, further) => {
    const answer = await post('{"name":"a"}', { 'content-type': type, ...further });
    expect([answer.status, (await read(answer)).code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('refuses a body of unknown length as soon as it is too large', async () => {
    const head = `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`;
    const text = await raw([head, ...Array.from({ length: 20 }, () => chunk)]);
    expect(statusOf(text)).toBe(413);
  });

  it('lets an upload take its time, but not fall silent', async () => {
    const head = 'POST /api/v1/odd/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\n';
    const slow = await raw([`${head}Content-Length: 5\r\n\r\n`, '{', '}', '\n', '{', '}'], 400);
    expect([statusOf(slow), slow]).toEqual([200, expect.stringContaining('{"bytes":5}')]);
    const silent = await raw([`${head}Content-Length: 5\r\n\r\n`, '{']);
    expect([statusOf(silent), silent]).toEqual([408, expect.stringContaining('"REQUEST_TIMEOUT"')]);
  });

  it('answers 408 to a body that trickles, whatever is still sent', async () => {
    const head = `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n`;
    const text = await raw([head, '{', '"', 'n', 'a', 'm', 'e'], 250);
    expect(statusOf(text)).toBe(408);
    expect(text).toContain('"REQUEST_TIMEOUT"');
  });
});

it('takes bodies that are as large and as deep as they may be', async () => {
  expect((await post(deep(31))).status).toBe(201);
  expect((await post(`{"name":"a","metadata":{"t":"${'ü'.repeat(500_000)}"}}`)).status).toBe(201);
  const lines = await fetch(`${http.url}/api/v1/odd/upload`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: '{}\n{}\n',
  });
  expect(await lines.json()).toEqual({ bytes: 6 });
});

describe('request lines and headers', () => {
  const get = (line: string, headers = '') => raw([`${line} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`]);

  it.each([
    ['a long address', () => get(`GET /${'a'.repeat(9000)}`), 414, 'URI_TOO_LONG'],
    ['a very long address', () => get(`GET /${'a'.repeat(20_000)}`), 414, 'URI_TOO_LONG'],
    ['large headers', () => get('GET /', `X-Large: ${'a'.repeat(17_000)}\r\n`), 431, 'HEADERS_TOO_LARGE'],
    [
      '101 headers',
      () => get('GET /', Array.from({ length: 101 }, (_, n) => `X-${n}: 1\r\n`).join('')),
      431,
      'HEADERS_TOO_LARGE',
    ],
    ['TRACE', () => get('TRACE /'), 405, 'METHOD_NOT_ALLOWED'],
    ['TRACK', () => get('TRACK /'), 405, 'METHOD_NOT_ALLOWED'],
    ['CONNECT', () => get('CONNECT example.org:443'), 405, 'METHOD_NOT_ALLOWED'],
    ['PROPFIND', () => get('PROPFIND /'), 405, 'METHOD_NOT_ALLOWED'],
    ['a broken line', () => raw(['GET / HTTP/9.9\r\n\r\n']), 400, 'BAD_REQUEST'],
    [
      'length and coding at once',
      () => get('POST /', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'),
      400,
      'BAD_REQUEST',
    ],
    ['no host', () => raw(['GET / HTTP/1.1\r\n\r\n']), 400, 'BAD_REQUEST'],
    ['a foreign host', () => raw(['GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n']), 400, 'HOST_NOT_ALLOWED'],
    ['an expectation', () => get('GET /', 'Expect: coffee\r\n'), 417, 'EXPECTATION_FAILED'],
    [
      'headers that trickle',
      () => raw(['GET / HTTP/1.1\r\n', 'Ho', 'st', ': ', 'a', 'b', 'c', 'd'], 400),
      408,
      'REQUEST_TIMEOUT',
    ],
  ])('refuses %s with a problem and all headers', async (_, send, status, code) => {
    const text = await send();
    expect([statusOf(text), text]).toEqual([status, expect.stringContaining(`"code":"${code}"`)]);
    expect(text).toContain('application/problem+json');
    expect(text).toMatch(/X-Content-Type-Options: nosniff/i);
    expect(text).toMatch(/X-Correlation-ID: /i);
    if (status === 405) expect(text).toMatch(/Allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT/);
  });

  it('serves listed hosts, and probes by any name', async () => {
    const to = (path: string, host: string) => raw([`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`]);
    expect(statusOf(await to('/problems', 'eu.parley.example:8080'))).toBe(200);
    expect(await to('/health/live', '10.1.2.3')).toContain('"code":"NOT_FOUND"');
  });

  it('goes on serving others meanwhile', async () => {
    expect((await fetch(`${http.url}/problems`)).status).toBe(200);
  });
});

it('ends a connection after its answer once it is leaving', async () => {
  const leaving = await openHttpApp(store.database);
  const socket = connect(leaving.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.write('GET /api/v1/odd/patient HTTP/1.1\r\nHost: x\r\n\r\n');
  await sleep(300);
  const begun = performance.now();
  await leaving.app.close();
  await ended;
  expect(text).toContain('{"late":true}');
  expect(performance.now() - begun).toBeLessThan(4000);
});
