import fc from 'fast-check';
import { redact, redactText } from './redact.js';

const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJlLWhlcmU';

it.each([
  ['api key', 'key prl_live_0123456789abcdef used', 'key [REDACTED:api_key] used'],
  ['device token', 'pdt_WyJ1c3JfMDFKQ1pLIl0.AbCdEfGhIjKlMnOpQrStUvWxYz012345', '[REDACTED:device_token]'],
  ['refresh token', 'prt_AbCdEfGhIjKlMnOpQrStUvWxYz012345', '[REDACTED:refresh_token]'],
  ['signing secret', 'psg_0123456789abcdef', '[REDACTED:signing_secret]'],
  ['JWT', `token=${JWT};`, 'token=[REDACTED:jwt];'],
  ['bearer value', 'Authorization: Bearer opaque-0123456789', 'Authorization: Bearer [REDACTED:credential]'],
  ['basic value', 'authorization: basic dXNlcjpwYXNz', 'authorization: basic [REDACTED:credential]'],
  [
    'provider key',
    'sk-proj-0123456789abcdefghij and AIzaSyA0123456789abcdefghijklmnopqrstuv',
    '[REDACTED:provider_key] and [REDACTED:provider_key]',
  ],
  [
    'address with credentials',
    'cannot reach postgres://parley:hunter2@db:5432/x',
    'cannot reach postgres://[REDACTED:credential]@db:5432/x',
  ],
  ['PEM', '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----', '[REDACTED:pem]'],
  ['PEM in JSON', '"-----BEGIN EC PRIVATE KEY-----\\nMIGH\\n-----END EC PRIVATE KEY-----"', '"[REDACTED:pem]"'],
])('finds a %s in a text', (_, text, expected) => {
  expect(redactText(text)).toBe(expected);
});

it.each([
  'GET /api/v1/chat/sessions/:session_id 200',
  'ses_01JD3W8Q5X7Y2Z4A6B8C0D1E2F',
  'see https://example.org/path?x=1 and mail me@example.org',
  'basically a risk-averse task',
])('leaves "%s" alone', (text) => {
  expect(redactText(text)).toBe(text);
});

it('hides members by name at any depth, and keeps what they are called', () => {
  expect(
    redact({
      user: { password: 'hunter2', nested: [{ accessToken: 'x', 'X-API-Key': 'y' }] },
      headers: { authorization: 'z', 'set-cookie': ['a=b'], accept: '*/*' },
      client_secret: 'abc',
      totp: 123456,
      code: '123456',
      mfa_seed: 'JBSWY3DP',
      signature: 'sig',
    }),
  ).toEqual({
    user: {
      password: '[REDACTED:password]',
      nested: [{ accessToken: '[REDACTED:token]', 'X-API-Key': '[REDACTED:key]' }],
    },
    headers: { authorization: '[REDACTED:authorization]', 'set-cookie': '[REDACTED:cookie]', accept: '*/*' },
    client_secret: '[REDACTED:secret]',
    totp: '[REDACTED:totp]',
    code: '[REDACTED:code]',
    mfa_seed: '[REDACTED:seed]',
    signature: '[REDACTED:signature]',
  });
});

it('keeps what only sounds like a secret', () => {
  const harmless = {
    input_tokens: 12,
    token_type: 'bearer',
    status_code: 404,
    code: 'RUN_IN_PROGRESS',
    problem: 'NOT_FOUND',
    key_id: 'sgk_1',
    token: null,
    at: new Date(0),
  };
  expect(redact(harmless)).toEqual(harmless);
  expect(redact({ code: 'ECONNREFUSED' })).toEqual({ code: 'ECONNREFUSED' });
  expect(redact({ code: '23505' })).toEqual({ code: '23505' });
});

it('survives cycles and depths', () => {
  const knot: Record<string, unknown> = { name: 'a' };
  knot['self'] = knot;
  expect(JSON.stringify(redact(knot))).toContain('[TOO DEEP]');
});

it('is linear: a hostile line of a megabyte takes no time', () => {
  for (const seed of ['-----BEGIN A-----', 'eyJaaaaaa.', 'Bearer ', 'a://', 'sk-']) {
    const text = seed.repeat(Math.ceil(1_000_000 / seed.length));
    const begun = performance.now();
    redactText(text);
    expect(performance.now() - begun).toBeLessThan(1000);
  }
});

it('never lets a planted secret through, wherever it stands', () => {
  const secret = 'hunter2-0123456789';
  const planted = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      fc.record({ password: fc.constant(secret) }),
      fc.record({ a: tie('node'), b: fc.string() }),
      fc.array(tie('node'), { minLength: 1, maxLength: 2 }),
      fc.constant(`https://u:${secret}@host/`),
    ),
  }));
  fc.assert(
    fc.property(planted.node, (value) => {
      expect(JSON.stringify(redact({ value }))).not.toContain(secret);
    }),
  );
});
