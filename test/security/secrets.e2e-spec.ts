import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { FakeModel } from '../support/fake-model/index.js';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { ROOT } from '../support/root.js';
import { connect, frameOnce } from './socket-calls.js';

const random = (name: string): string => `${name}${randomBytes(12).toString('hex')}`;

/** What goes in and may come out nowhere but to whom it belongs. */
const PLANTED: Record<string, string> = {
  password: random('Pass-word-1-'),
  'wrong password': random('Wrong-word-1-'),
  'weak body': random('malformed-'),
  'administrator password': random('Admin-word-1-'),
  'metrics token': random('metrics-token-'),
  'key-encryption key': randomBytes(32).toString('base64'),
  'provider key': random('provider-key-'),
  'redis password': random('redis-word-'),
  'idempotency key': random('idempotency-'),
  'client message id': random('client-message-'),
  'message text': random('words of the message '),
  'socket message text': random('words of the socket '),
  'model text': random('words of the model '),
  'model error': random('words of a failing model '),
  title: random('words of the title '),
  'search text': random('words-of-the-search-'),
  metadata: random('words of the metadata '),
  'feedback text': random('words of the feedback '),
};

let directory: string;
let database: TestDatabase;
let model: FakeModel;
let node: ParleyNode;
/** Bodies of all answers that were problems. */
const problems: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'parley-secrets-'));
  [database, model] = await Promise.all([openTestDatabase(), FakeModel.start()]);
  PLANTED['database password'] = decodeURIComponent(new URL(ascii(database.appUrl)).password);
  PLANTED['owner password'] = decodeURIComponent(new URL(ascii(database.ownerUrl)).password);
  model.script({ when: { user: /FAIL/ }, reply: { status: 400, error: { message: planted('model error') } } });
  model.script({ when: { user: /CUT/ }, reply: { text: planted('model text'), cutAfter: 2 } });
  model.always({ text: planted('model text') });
  node = await ParleyNode.start({
    env: {
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.ownerUrl,
      // Nobody listens there: what the program says about it must not say how to get in.
      REDIS_URL: `redis://parley:${planted('redis password')}@127.0.0.1:1/0`,
      OPENAI_API_KEY: planted('provider key'),
      OPENAI_BASE_URL: model.url,
      PARLEY_MODEL: 'openai:fake-1',
      PARLEY_KEK: planted('key-encryption key'),
      PARLEY_ADMIN_EMAIL: 'first@example.com',
      PARLEY_ADMIN_PASSWORD: planted('administrator password'),
      PARLEY_DATA_DIR: directory,
      PARLEY__METRICS__TOKEN: planted('metrics token'),
      PARLEY__LIMITS__ENABLED: 'false',
      PARLEY__LOG__LEVEL: 'trace',
      PARLEY__LOG__FILE__PATH: join(directory, 'log', 'parley.log'),
    },
  });
  await journey();
}, 90_000);

afterAll(async () => {
  await node?.stop();
  await model.stop();
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('secrets of a whole journey', () => {
  it('were sent, and reached those for whom they were', () => {
    expect(model.requests({ user: new RegExp(planted('message text')) }).length).toBeGreaterThan(0);
    expect(model.requests()[0]?.headers.authorization).toBe(`Bearer ${planted('provider key')}`);
    expect(Object.keys(PLANTED)).toEqual(
      expect.arrayContaining(['access token', 'refresh token', 'second refresh token']),
    );
    expect(problems.length).toBeGreaterThan(8);
  });

  it('are in no line of the log', async () => {
    const metrics = await metricsText();
    expect(metrics).toContain('parley_');
    await node.stop();
    const files = readdirSync(join(directory, 'log')).map((name) => readFileSync(join(directory, 'log', name), 'utf8'));
    // The log is there, on both ways out, and tells of the requests.
    for (const log of [node.log, files.join('\n')]) expect(log).toMatch(/"route":"\/api\/v1\/chat\/sessions/);
    expect(found(node.log)).toEqual([]);
    expect(found(files.join('\n'))).toEqual([]);
    expect(found(metrics)).toEqual([]);
    expect(found(problems.join('\n'))).toEqual([]);
  });
});

describe('a refused start', () => {
  const secret = random('refused-');
  const refused: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['a key-encryption key that is none', { PARLEY_KEK: secret }],
    ['a signing secret that is too short', { PARLEY_JWT_SECRET: secret.slice(0, 20) }],
    ['a database address that is none', { DATABASE_URL: `mysql://parley:${secret}@127.0.0.1/parley` }],
    ['a Redis address that is none', { REDIS_URL: `http://parley:${secret}@127.0.0.1` }],
    [
      'a provider address that is none',
      { OPENAI_API_KEY: secret, OPENAI_BASE_URL: `ftp://parley:${secret}@127.0.0.1` },
    ],
    [
      'an administrator without an address',
      { PARLEY_ADMIN_EMAIL: `${secret} no address`, PARLEY_ADMIN_PASSWORD: secret },
    ],
    ['a weak administrator password', { PARLEY_ADMIN_EMAIL: 'first@example.com', PARLEY_ADMIN_PASSWORD: 'zQ9-x' }],
    ['a wrong type', { PARLEY__METRICS__TOKEN: secret, PARLEY__METRICS__PORT: secret }],
    ['an unknown key', { PARLEY__NO__SUCH_KEY: secret }],
  ];

  it('shows no password that the database refuses', async () => {
    const url = database.appUrl.replace(/:[^:@]*@/, `:${secret}@`);
    const { code, output } = await runToTheEnd({ PARLEY_DATA_DIR: directory, DATABASE_URL: url });
    expect(code).toBe(1);
    expect(output).toContain('Parley did not start');
    for (const form of formsOf(secret)) expect(output).not.toContain(form);
  });

  it.each(refused)('shows no value: %s', async (_, env) => {
    const data = mkdtempSync(join(tmpdir(), 'parley-refused-'));
    try {
      const { code, output } = await runToTheEnd({ PARLEY_DATA_DIR: data, ...env });
      expect(code).toBe(1);
      expect(output).toContain('Parley did not start');
      const values = Object.values(env).filter((value) => value !== 'first@example.com');
      for (const value of [...values, secret]) {
        for (const form of formsOf(value)) expect(output).not.toContain(form);
      }
    } finally {
      rmSync(data, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});

function planted(name: string): string {
  const value = PLANTED[name];
  if (value === undefined) throw new Error(`${name} was not planted`);
  return value;
}

/** A URL of a socket's directory is not one for everybody. */
const ascii = (url: string): string => url.replace(/@[^/]*\//, '@localhost/');

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    encodeURIComponent(value),
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
}

/** The names of what stands in a text in any form. */
function found(text: string): string[] {
  const names = Object.entries(PLANTED).filter(([, value]) => formsOf(value).some((form) => text.includes(form)));
  return names.map(([name, value]) => `${name}: ${around(text, formsOf(value))}`);
}

function around(text: string, forms: readonly string[]): string {
  const at = Math.max(...forms.map((form) => text.indexOf(form)));
  return text.slice(Math.max(0, at - 200), at + 40);
}

interface Asked {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  { token, headers = {} }: Asked = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`${node.url}/api/v1${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status >= 400) problems.push(text);
  return /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : { text };
}

/** Everything that a person does, the right way and the wrong way. */
async function journey(): Promise<void> {
  const email = 'ada@example.com';
  await ask('POST', '/auth/register', { email, password: 'short' });
  await ask('POST', '/auth/register', { email, password: planted('password'), extra: planted('weak body') });
  await ask('POST', '/auth/register', { email, password: planted('password') });
  await ask('POST', '/auth/login', `{"email":"${email}","password":"${planted('weak body')}"`);
  await ask('POST', '/auth/login', { email, password: planted('wrong password') });
  const first = await ask('POST', '/auth/login', { email, password: planted('password') });
  const second = await ask('POST', '/auth/refresh', { refresh_token: first['refresh_token'] });
  PLANTED['refresh token'] = String(first['refresh_token']);
  PLANTED['access token'] = String(second['access_token']);
  PLANTED['second refresh token'] = String(second['refresh_token']);
  const token = planted('access token');
  await ask('GET', '/auth/me', undefined, { token: `${token}x` });
  await ask('PUT', '/users/profile', { metadata: { note: planted('metadata') } }, { token });
  await ask('PUT', '/users/profile', { metadata: planted('metadata') }, { token });
  await conversation(token);
  await ask('POST', '/auth/refresh', { refresh_token: planted('refresh token') });
  await ask('GET', '/auth/me', undefined, { token });
  const last = await ask('POST', '/auth/login', { email, password: planted('password') });
  PLANTED['last access token'] = String(last['access_token']);
  await ask('POST', '/auth/logout', { everywhere: true }, { token: planted('last access token') });
}

async function conversation(token: string): Promise<void> {
  const key = { 'Idempotency-Key': planted('idempotency key') };
  const begin = { title: planted('title'), metadata: { note: planted('metadata') } };
  const { session_id: id } = await ask('POST', '/chat/sessions', begin, { token, headers: key });
  await ask('POST', '/chat/sessions', begin, { token, headers: key });
  await ask('POST', '/chat/sessions', { ...begin, tags: [planted('search text')] }, { token, headers: key });
  await ask('POST', '/chat/sessions', { settings: { no_such_setting: planted('metadata') } }, { token });
  const path = `/chat/sessions/${id}`;
  const message = { content: planted('message text'), client_message_id: planted('client message id') };
  const turn = await ask('POST', `${path}/messages`, message, { token });
  const answer = `${path}/messages/${Reflect.get(Object(turn['response']), 'message_id')}`;
  await ask(
    'POST',
    `${path}/messages`,
    { content: planted('message text') },
    { token, headers: { Accept: 'text/event-stream' } },
  );
  await ask('POST', `${path}/messages`, { content: `FAIL ${planted('message text')}` }, { token });
  await ask('POST', `${path}/messages`, { content: `CUT ${planted('message text')}` }, { token });
  await ask('POST', `${path}/messages`, { content: 7, note: planted('message text') }, { token });
  await ask('POST', `${path}/messages`, { content: `\u0000${planted('message text')}` }, { token });
  await ask('POST', `${answer}/regenerate`, {}, { token });
  await ask('POST', `${answer}/feedback`, { rating: 'up', comment: planted('feedback text') }, { token });
  await ask('POST', `${answer}/feedback`, { rating: planted('feedback text') }, { token });
  await ask('GET', `/chat/sessions?q=${encodeURIComponent(planted('search text'))}`, undefined, { token });
  await ask('GET', `/chat/sessions?cursor=${encodeURIComponent(planted('search text'))}`, undefined, { token });
  await ask('GET', `/chat/sessions?unknown=${encodeURIComponent(planted('search text'))}`, undefined, { token });
  await ask('GET', `${path}/export?format=markdown`, undefined, { token });
  await sockets(token, String(id));
  await ask('DELETE', answer, undefined, { token });
  await ask('DELETE', path, undefined, { token });
}

async function sockets(token: string, sessionId: string): Promise<void> {
  const socket = connect(node.url, token);
  const texts: unknown[] = [planted('socket message text'), { words: planted('socket message text') }];
  for (const content of texts) {
    const reply: unknown = await socket.emitWithAck('message', { session_id: sessionId, content });
    const error: unknown = Reflect.get(Object(reply), 'error');
    if (error !== undefined) problems.push(JSON.stringify(error));
  }
  socket.disconnect();
  await frameOnce(node.url, token, 'message', { session_id: sessionId });
  const refused = connect(node.url, `${token}x`);
  const error = await new Promise<Error>((resolve) => refused.once('connect_error', resolve));
  problems.push(JSON.stringify(Reflect.get(error, 'data')));
  refused.disconnect();
}

async function metricsText(): Promise<string> {
  const response = await fetch(`${node.url}/metrics`, {
    headers: { Authorization: `Bearer ${planted('metrics token')}` },
  });
  if (response.status !== 200) throw new Error(`metrics answered ${response.status}`);
  return response.text();
}

async function runToTheEnd(env: Readonly<Record<string, string>>): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'dist/apps/api/src/main.js')], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', PARLEY_ENV: 'test', HOST: '127.0.0.1', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
  }
  const patience = setTimeout(() => child.kill('SIGKILL'), 25_000);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(patience);
  return { code, output };
}
