import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../support/root.js';
import { DeclaredShapes, generatedOpenApi } from './declared-shapes.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

type Json = Record<string, unknown>;

const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? { ...value } : {});
const document = generatedOpenApi();
const operations = Object.entries(objectOf(document['paths'])).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation: unknown = objectOf(item)[method];
    return operation === undefined
      ? []
      : [{ name: `${method.toUpperCase()} ${path}`, method, operation: objectOf(operation) }];
  }),
);

it('is valid OpenAPI 3.1', () => {
  expect(document['openapi']).toBe('3.1.0');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/@redocly/cli/bin/cli.js'),
      'lint',
      join(ROOT, 'docs/generated/openapi.json'),
      '--config',
      join(ROOT, 'test/contract/redocly.yaml'),
      '--format=stylish',
    ],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    },
  );
  expect([status, status === 0 ? '' : `${stdout}${stderr}`]).toEqual([0, '']);
});

it('has operations at all', () => {
  expect(operations.length).toBeGreaterThan(30);
});

it.each(operations)('$name says what it is for, takes and gives', ({ method, operation }) => {
  expect(operation['summary']).toEqual(expect.stringMatching(/^.{5,}$/));
  expect(operation['tags']).toEqual([expect.stringMatching(/^[A-Z]/)]);
  const responses = objectOf(operation['responses']);
  expect(Object.keys(objectOf(objectOf(responses['default'])['content']))).toEqual(['application/problem+json']);
  const successes = Object.entries(responses).filter(([status]) => /^2/.test(status));
  expect(successes.length).toBeGreaterThan(0);
  for (const [status, response] of successes) {
    const content = Object.values(objectOf(objectOf(response)['content'])).map(objectOf);
    if (status === '204') expect(content).toEqual([]);
    else expect(content.every(({ schema }) => schema !== undefined) && content.length > 0).toBe(true);
  }
  if (method === 'get' || method === 'delete') expect(operation).not.toHaveProperty('requestBody');
});

it('shows an example of every body and of every member', () => {
  const bodies = operations.flatMap(({ name, operation }) =>
    Object.values(objectOf(objectOf(operation['requestBody'])['content'])).map((media) => ({
      name,
      ...objectOf(media),
    })),
  );
  expect(bodies.length).toBeGreaterThan(10);
  expect(bodies.filter((body) => !Object.hasOwn(body, 'example')).map(({ name }) => name)).toEqual([]);
  const schemas = Object.entries(objectOf(objectOf(document['components'])['schemas']));
  const bare = schemas.flatMap(([schema, declared]) =>
    Object.entries(objectOf(objectOf(declared)['properties']))
      .filter(([, member]) => !isShown(objectOf(member)))
      .map(([member]) => `${schema}.${member}`),
  );
  expect(bare).toEqual([]);
});

/** By itself, by the few values that it may have, or by the schema that it stands for. */
function isShown(member: Json): boolean {
  const items = objectOf(member['items']);
  return (
    ['example', 'examples', 'enum', 'default', '$ref', 'allOf', 'anyOf', 'oneOf'].some((name) => name in member) ||
    '$ref' in items ||
    'properties' in items
  );
}

it('asks for a principal everywhere but where the specification says open', () => {
  const open = operations.filter(
    ({ operation }) => Array.isArray(operation['security']) && operation['security'].length === 0,
  );
  expect(new Set(open.map(({ name }) => name.replace(/ (\/api\/v1|\/api)?/, ' ')))).toEqual(
    new Set([
      'POST /auth/register',
      'POST /users/register',
      'POST /auth/login',
      'POST /users/login',
      'POST /auth/refresh',
      'GET /.well-known/jwks.json',
      'GET /health/live',
      'GET /health/ready',
      'GET /health',
    ]),
  );
});

it('tells of streams where there are streams', () => {
  const streaming = operations.filter(({ operation }) =>
    Object.values(objectOf(operation['responses'])).some((response) =>
      Object.hasOwn(objectOf(objectOf(response)['content']), 'text/event-stream'),
    ),
  );
  expect(streaming.map(({ name }) => name).sort()).toEqual([
    'GET /api/v1/chat/sessions/{session_id}/events',
    'POST /api/v1/chat/sessions/{session_id}/messages',
    'POST /api/v1/chat/sessions/{session_id}/messages/{message_id}/regenerate',
  ]);
});

describe('the judge of answers', () => {
  const shapes = new DeclaredShapes();
  const answer = (status: number, body: object, type = 'application/json') => ({
    method: 'GET',
    path: '/api/v1/health/live?x=1',
    status,
    headers: new Headers({ 'content-type': `${type}; charset=utf-8` }),
    text: JSON.stringify(body),
  });

  it('finds what is wrong, and nothing where nothing is', () => {
    expect(shapes.faultsOf(answer(200, { status: 'ok', timestamp: '2026-11-20T09:30:00.000Z' }))).toEqual([]);
    expect(shapes.faultsOf(answer(200, { status: 'ok' }))).toHaveLength(1);
    expect(shapes.faultsOf(answer(200, { status: 'well', timestamp: '' }))).toHaveLength(1);
    expect(shapes.faultsOf(answer(201, {}))).toEqual(['GET /api/v1/health/live: 201 is not declared']);
    expect(shapes.faultsOf(answer(404, {}, 'application/json'))).toHaveLength(1);
    expect(shapes.faultsOf(answer(404, { code: 'NOT_FOUND' }, 'application/problem+json')).length).toBeGreaterThan(0);
  });
});
