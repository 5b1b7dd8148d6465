import { createHmac } from 'node:crypto';
import { newId } from '@parley/platform/ids';
import { WebSocket } from 'ws';
import { DeclaredShapes } from '../contract/declared-shapes.js';
import { connect } from './socket-calls.js';
import { type Conversation, type HttpAnswer, type HttpCall, World } from './world.js';

const SECRET = 'a-signing-secret-of-the-bad-input-suite';
const MARKUP = '<script>alert("x")</script><img src=x onerror=alert(1)>';
const PAYLOADS = [
  MARKUP,
  "'; drop table messages; --",
  '" or 1=1 -- ',
  ['{{7*7}}', '#{7*7}', '$', '{7*7}', '<%= 7*7 %>'].join(''),
  '../../../../etc/passwd',
  'a\r\nSet-Cookie: evil=1\r\n\r\n<html>',
  '=HYPERLINK("http://evil.example")',
  '%s%n%x \\u0000 %00',
  '\u202e rtl \u{1f600} e\u0301 \ufeff',
];
const SESSIONS = '/api/v1/chat/sessions';

const shapes = new DeclaredShapes();
let world: World;
let own: Conversation;
let before: Record<string, number>;

beforeAll(async () => {
  world = await World.open({ PARLEY_JWT_SECRET: SECRET });
  own = await world.conversation(world.accounts.owner.token);
  before = await world.rows();
}, 60_000);

afterAll(async () => {
  await world.close();
});

async function send(call: HttpCall, token: string | undefined = world.accounts.owner.token): Promise<HttpAnswer> {
  const answer = await world.call(call, token);
  expect(shapes.faultsOf({ ...call, ...answer })).toEqual([]);
  return answer;
}

async function expectRefusal(call: HttpCall, status: number, code: string, token?: string): Promise<HttpAnswer> {
  const answer = await send(call, token);
  expect([answer.status, codeOf(answer.text)]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  return answer;
}

const post = (path: string, body: unknown): HttpCall => ({ method: 'POST', path, body });
const messages = (body: unknown): HttpCall => post(`${SESSIONS}/${own.session_id}/messages`, body);

describe('what is refused over HTTP, with nothing stored', () => {
  afterEach(async () => {
    expect(await world.rows()).toEqual(before);
  });

  it.each([
    ['no JSON', '{"title": '],
    ['two values', '{} {}'],
    ['an empty text', ' '],
    ['bytes', '\u0001\u0002'],
    ['comments', '{/* no */}'],
    ['single quotes', "{'title':'x'}"],
  ])('malformed JSON: %s', async (_, body) => {
    const answer = await send(post(SESSIONS, body));
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('no */');
  });

  it.each([
    ['/title', { title: 7 }],
    ['/title', { title: '' }],
    ['/title', { title: 'x'.repeat(201) }],
    ['/tags', { tags: 'one' }],
    ['/tags/1', { tags: ['one', 2] }],
    ['/metadata', { metadata: [] }],
    ['/metadata', { metadata: 'text' }],
    ['/settings', { settings: 'text' }],
    ['/use_case', { use_case: {} }],
  ])('a wrong type or length at %s', async (pointer, body) => {
    const answer = await send(post(SESSIONS, body));
    expect(answer.status).toBe(400);
    expect(pointersOf(answer.text)).toContainEqual(
      expect.stringMatching(new RegExp(`^${pointer.replace(/\/\d+$/, '')}`)),
    );
  });

  it.each([
    ['a number', { content: 7 }],
    ['null', { content: null }],
    ['an object', { content: {} }],
    ['no parts', { content: [] }],
    ['a part of no kind', { content: [{ type: 'smell', text: 'x' }] }],
    ['a part with more', { content: [{ type: 'text', text: 'x', html: '<b>' }] }],
    ['nothing', {}],
    ['empty', { content: '' }],
    ['too long', { content: 'x'.repeat(32_001) }],
    ['an attachment that is none', { content: 'x', attachments: [{ media_id: 7 }] }],
    ['a foreign attachment', { content: 'x', attachments: [{ media_id: 'med_01JCZK5V4W8Q2M7N9P3R6T1XYZ' }] }],
    ['a long client_message_id', { content: 'x', client_message_id: 'x'.repeat(129) }],
    ['an unknown setting', { content: 'x', context: { no_such: true } }],
  ])('a message of %s', async (_, body) => {
    const answer = await send(messages(body));
    expect(answer.status).toBe(400);
    expect(codeOf(answer.text)).toMatch(/^[A-Z_]+$/);
  });

  it('unknown members, in bodies and queries', async () => {
    const { text } = await expectRefusal(post(SESSIONS, { title: 'x', colour: 'red' }), 400, 'UNKNOWN_FIELD');
    expect(pointersOf(text)).toEqual(['/colour']);
    await expectRefusal({ method: 'GET', path: `${SESSIONS}?colour=red` }, 400, 'UNKNOWN_FIELD');
    await expectRefusal(
      post('/api/v1/auth/login', { email: 'a@b.c', password: 'x', role: 'admin' }),
      400,
      'UNKNOWN_FIELD',
    );
  });

  it.each(['__proto__', 'constructor', 'prototype'])('the member name %s, at any depth', async (name) => {
    await expectRefusal(post(SESSIONS, `{"${name}":{"admin":true}}`), 400, 'FORBIDDEN_KEY');
    await expectRefusal(post(SESSIONS, `{"metadata":{"a":[{"${name}":1}]}}`), 400, 'FORBIDDEN_KEY');
  });

  it.each([
    ['U+0000', '\\u0000'],
    ['a lone high surrogate', '\\ud83d'],
    ['a lone low surrogate', '\\ude00'],
  ])('%s in every text', async (_, bad) => {
    const calls: HttpCall[] = [
      post(SESSIONS, `{"title":"a${bad}b"}`),
      post(SESSIONS, `{"tags":["a${bad}b"]}`),
      post(SESSIONS, `{"metadata":{"a":"${bad}"}}`),
      post(SESSIONS, `{"metadata":{"a${bad}":1}}`),
      messages(`{"content":"a${bad}b"}`),
      messages(`{"content":[{"type":"text","text":"${bad}"}]}`),
      messages(`{"content":"x","client_message_id":"a${bad}"}`),
      messages(`{"content":"x","metadata":{"deep":{"er":"${bad}"}}}`),
      post(`${SESSIONS}/${own.session_id}/messages/${own.answer_id}/feedback`, `{"rating":"up","comment":"${bad}"}`),
      post('/api/v1/auth/register', `{"email":"new@example.com","password":"correct-horse-battery${bad}"}`),
      { method: 'PUT', path: '/api/v1/users/profile', body: `{"display_name":"a${bad}"}` },
    ];
    for (const call of calls) await expectRefusal(call, 400, 'INVALID_TEXT');
  });

  it('bodies of 2 MB, deep and wide ones', async () => {
    const text = 'x'.repeat(2_000_000);
    await expectRefusal(messages({ content: text }), 413, 'PAYLOAD_TOO_LARGE');
    await expectRefusal(post(SESSIONS, { metadata: { text } }), 413, 'PAYLOAD_TOO_LARGE');
    await expectRefusal(post('/api/v1/auth/login', { email: text, password: 'x' }), 413, 'PAYLOAD_TOO_LARGE');
    const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`;
    expect((await send(post(SESSIONS, `{"metadata":${deep}}`))).status).toBe(400);
    expect((await send(post(SESSIONS, `{"metadata":${'['.repeat(50_000)}`))).status).toBe(400);
    expect((await send(post(SESSIONS, { metadata: { wide: Array.from({ length: 1001 }, () => 1) } }))).status).toBe(
      400,
    );
  });

  it('bad cursors, bounds and filters', async () => {
    const list = `${SESSIONS}/${own.session_id}/messages?limit=1`;
    const page: unknown = JSON.parse((await send({ method: 'GET', path: list })).text);
    const cursor = String(Reflect.get(Object(page), 'next_cursor'));
    const tampered = `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`;
    for (const bad of ['x', '', "' or 1=1 --", tampered, Buffer.from('{"seq":1}').toString('base64url')]) {
      const answer = await send({ method: 'GET', path: `${list}&cursor=${encodeURIComponent(bad)}` });
      expect([bad, answer.status]).toEqual([bad, 400]);
    }
    await expectRefusal({ method: 'GET', path: `${SESSIONS}?limit=1&cursor=${cursor}` }, 400, 'INVALID_CURSOR');
    for (const query of [
      'limit=0',
      'limit=201',
      'limit=ten',
      'limit=1&limit=2',
      'order=up',
      'fields=a;b',
      'limit=1e2',
    ]) {
      expect([query, (await send({ method: 'GET', path: `${SESSIONS}?${query}` })).status]).toEqual([query, 400]);
    }
    expect((await send({ method: 'GET', path: `${SESSIONS}/${own.session_id}/events?after=-1` })).status).toBe(400);
    expect((await send({ method: 'GET', path: `${SESSIONS}/${own.session_id}/export?format=exe` })).status).toBe(400);
  });

  it('other types, encodings and methods', async () => {
    const body = '{"title":"x"}';
    await expectRefusal(
      { ...post(SESSIONS, body), headers: { 'Content-Type': 'text/plain' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
    await expectRefusal(
      { ...post(SESSIONS, body), headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
    await expectRefusal(
      { ...post(SESSIONS, body), headers: { 'Content-Encoding': 'gzip' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
    await expectRefusal({ method: 'GET', path: SESSIONS, headers: { Accept: 'image/png' } }, 406, 'NOT_ACCEPTABLE');
    const answer = await expectRefusal({ method: 'PATCH', path: SESSIONS, body }, 405, 'METHOD_NOT_ALLOWED');
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    await expectRefusal({ method: 'GET', path: '/api/v1/no/such/route' }, 404, 'NOT_FOUND');
    await expectRefusal({ method: 'GET', path: `/${'x'.repeat(9000)}` }, 414, 'URI_TOO_LONG');
    expect((await send({ ...post(SESSIONS, body), headers: { 'Idempotency-Key': 'x'.repeat(129) } })).status).toBe(400);
    expect((await send({ ...post(SESSIONS, body), headers: { 'Idempotency-Key': 'a b' } })).status).toBeLessThan(500);
    before = await world.rows();
  });

  it('reflects no markup and no foreign correlation id', async () => {
    const path = `/api/v1/${encodeURIComponent(MARKUP)}?q=${encodeURIComponent(MARKUP)}`;
    for (const accept of ['text/html', 'application/json', '*/*']) {
      const answer = await send({ method: 'GET', path, headers: { Accept: accept, 'X-Correlation-ID': '<script>' } });
      expect(answer.text).not.toContain('<script>');
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(answer.headers.get('x-correlation-id')).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
    }
    const page = await send({
      method: 'GET',
      path: `/problems/${encodeURIComponent(MARKUP)}`,
      headers: { Accept: 'text/html' },
    });
    expect([page.status, page.text.includes('<script>')]).toEqual([404, false]);
  });
});

describe('tokens that are none', () => {
  const me: HttpCall = { method: 'GET', path: '/api/v1/auth/me' };
  const changed = (header: object, claims: object, secret = SECRET): string => {
    const [head = '', payload = ''] = world.accounts.owner.token.split('.');
    const part = (text: string, members: object): string =>
      Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(text, 'base64url').toString()), ...members })).toString(
        'base64url',
      );
    const signed = `${part(head, header)}.${part(payload, claims)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
  const past = Math.floor(Date.now() / 1000) - 3600;

  it('lets the same token in, signed anew without a change', async () => {
    expect((await send(me, changed({}, {}))).status).toBe(200);
  });

  it.each<readonly [string, string, () => string]>([
    ['expired', 'TOKEN_EXPIRED', () => changed({}, { exp: past })],
    [
      'tampered',
      'TOKEN_INVALID',
      () =>
        world.accounts.owner.token.replace(
          /\.[^.]+\./,
          () => `.${changed({}, { sub: world.accounts.admin.userId }).split('.')[1]}.`,
        ),
    ],
    ['of another secret', 'TOKEN_INVALID', () => changed({}, {}, 'another-secret-of-thirty-two-bytes-and-more')],
    ['alg none', 'TOKEN_INVALID', () => `${changed({ alg: 'none' }, {}).split('.').slice(0, 2).join('.')}.`],
    ['alg none, signed', 'TOKEN_INVALID', () => changed({ alg: 'none' }, {})],
    ['of another algorithm', 'TOKEN_INVALID', () => changed({ alg: 'ES256' }, {})],
    ['of an unknown key', 'TOKEN_INVALID', () => changed({ kid: newId('signingKey') }, {})],
    ['of another type', 'TOKEN_INVALID', () => changed({ typ: 'JWT' }, {})],
    ['for somebody else', 'TOKEN_INVALID', () => changed({}, { aud: 'another' })],
    ['by somebody else', 'TOKEN_INVALID', () => changed({}, { iss: 'https://evil.example' })],
    ['of another person’s login', 'TOKEN_INVALID', () => changed({}, { sub: world.accounts.admin.userId })],
    ['of another organisation', 'TOKEN_INVALID', () => changed({}, { org: newId('organisation') })],
    ['of a login that is none', 'TOKEN_INVALID', () => changed({}, { sid: newId('login') })],
    ['no token', 'TOKEN_INVALID', () => 'abc'],
    ['a refresh token', 'TOKEN_INVALID', () => world.accounts.owner.refreshToken],
    ['very long', 'TOKEN_INVALID', () => `${world.accounts.owner.token}${'x'.repeat(5000)}`],
  ])('%s', async (_, code, make) => {
    const token = make();
    const answer = await expectRefusal(me, 401, code, token);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    const socket = connect(world.url, token);
    const error = await new Promise<unknown>((resolve) => {
      socket.once('connect_error', (thrown: Error) => resolve(Reflect.get(thrown, 'data')));
      socket.once('connect', () => resolve('connected'));
    });
    socket.disconnect();
    expect(error).toMatchObject({ code, status: 401 });
    expect(await closeCode(token)).toBe(4401);
  });
});

describe('what is taken as it comes', () => {
  it.each(PAYLOADS)('stores %j unchanged, and gives it back unchanged', async (text) => {
    const tag = text.slice(0, 60);
    const session = await send(post(SESSIONS, { title: text, tags: [tag], metadata: { [text]: text } }));
    expect(session.status).toBe(201);
    expect(JSON.parse(session.text)).toMatchObject({ title: text, tags: [tag], metadata: { [text]: text } });
    const id = String(JSON.parse(session.text).session_id);
    const turn = await send(
      post(`${SESSIONS}/${id}/messages`, { content: text, metadata: { text }, client_message_id: tag }),
    );
    expect([turn.status, JSON.parse(turn.text).message.content]).toEqual([201, text]);
    const list = await send({
      method: 'GET',
      path: `${SESSIONS}?tag=${encodeURIComponent(tag)}&q=${encodeURIComponent(text)}`,
    });
    expect(list.status).toBe(200);
    const read = await send({
      method: 'GET',
      path: `${SESSIONS}/${id}/messages/${JSON.parse(turn.text).message.message_id}`,
    });
    expect(JSON.parse(read.text).content).toBe(text);
    expect(read.headers.get('content-type')).toMatch(/^application\/json/);
    for (const format of ['json', 'markdown', 'csv']) {
      const file = await world.call(
        { method: 'GET', path: `${SESSIONS}/${id}/export?format=${format}` },
        world.accounts.owner.token,
      );
      expect([format, file.status, file.headers.get('content-disposition')?.startsWith('attachment')]).toEqual([
        format,
        200,
        true,
      ]);
      if (format === 'csv') expect(file.text).not.toMatch(/(^|,)"?[=+@]/m);
    }
  });
});

describe('after all this', () => {
  it('the process serves as before', async () => {
    const { other } = world.accounts;
    const { session_id } = await world.conversation(other.token, 'Own');
    expect(
      (await send(post(`${SESSIONS}/${session_id}/messages`, { content: 'Still there?' }), other.token)).status,
    ).toBe(201);
    expect((await send({ method: 'GET', path: '/health' })).status).toBe(200);
  });
});

function codeOf(text: string): unknown {
  return JSON.parse(text)['code'];
}

function pointersOf(text: string): unknown[] {
  const errors: unknown = JSON.parse(text)['errors'];
  return Array.isArray(errors) ? errors.map((error: unknown) => Reflect.get(Object(error), 'pointer')) : [];
}

async function closeCode(token: string): Promise<number> {
  const socket = new WebSocket(`${world.url.replace('http', 'ws')}/ws/chat/${own.session_id}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return new Promise((resolve) => socket.once('close', resolve));
}
