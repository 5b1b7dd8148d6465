import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { SettableClock } from '@parley/platform/clock';
import { Metrics } from '@parley/platform/observability';
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose';
import { Registry } from 'prom-client';
import { testConfig } from '../auth.factory.js';
import { AuthMetrics } from '../auth.metrics.js';
import { SharedSecretKeys } from './shared-secret-keys.js';
import { TokenService } from './token.service.js';
import { type PublicJwk, type SigningKey, TokenKeys, type VerificationKey } from './token-keys.js';

/** ES256 keys in memory, as `StoredTokenKeys` has them in the database. */
class KeysInMemory extends TokenKeys {
  readonly algorithm = 'ES256';
  readonly pairs = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();
  searches = 0;

  add(kid: string): void {
    this.pairs.set(kid, generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  }
  signingKey(): Promise<SigningKey> {
    const [kid = '', pair] = [...this.pairs].at(-1) ?? [];
    if (pair === undefined) throw new Error('no key');
    return Promise.resolve({ kid, key: pair.privateKey });
  }
  find(kid: string): Promise<VerificationKey | undefined> {
    this.searches += 1;
    const pair = this.pairs.get(kid);
    return Promise.resolve(pair && { kid, key: pem(pair.publicKey) });
  }
  holds(kid: string): boolean {
    return this.pairs.has(kid);
  }
  drop(kid: string): void {
    this.pairs.delete(kid);
  }
  async published(): Promise<PublicJwk[]> {
    return Promise.all(
      [...this.pairs].map(async ([kid, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid, alg: 'ES256' })),
    );
  }
}

const pem = (key: KeyObject | undefined) => key?.export({ type: 'spki', format: 'pem' }).toString() ?? '';
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

const subject = {
  principalId: 'usr_1',
  orgId: 'org_1',
  loginId: 'lgn_1',
  authTime: new Date('2026-11-20T11:00:00Z'),
  amr: ['pwd'],
};

function open(keys: TokenKeys, public_url: string | null = 'https://chat.example.com') {
  const clock = new SettableClock(Date.parse('2026-11-20T12:00:00Z'));
  const config = testConfig();
  const metrics = new AuthMetrics(new Metrics(new Registry()));
  const tokens = new TokenService(new JwtService(), keys, clock, metrics, {
    ...config,
    http: { ...config.http, public_url },
  });
  return { tokens, clock };
}

describe('TokenService with ES256', () => {
  const keys = new KeysInMemory();
  const privateKeyOf = (kid: string) => keys.pairs.get(kid)?.privateKey ?? createPrivateKey('');
  keys.add('sgk_1');
  const { tokens, clock } = open(keys);
  const now = Math.floor(clock.millis() / 1000);
  const claims = {
    iss: 'https://chat.example.com',
    aud: 'parley',
    sub: 'usr_1',
    org: 'org_1',
    sid: 'lgn_1',
    jti: 'j',
    iat: now,
    exp: now + 60,
    auth_time: now,
    amr: ['pwd'],
  };
  /** A token made by hand: right in all but what the test changes. */
  const forge = (header: object, payload: object = {}, key: KeyObject = privateKeyOf('sgk_1')) => {
    const text = `${encode({ alg: 'ES256', kid: 'sgk_1', typ: 'at+jwt', ...header })}.${encode({ ...claims, ...payload })}`;
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const hmac = (header: object, secret: string) => {
    const text = `${encode({ kid: 'sgk_1', typ: 'at+jwt', ...header })}.${encode(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };

  it('says who, through which login and until when, and no more', async () => {
    const { token, expiresIn } = await tokens.issue(subject);
    const [header, payload] = token.split('.', 2).map(decode);
    expect(header).toEqual({ alg: 'ES256', kid: 'sgk_1', typ: 'at+jwt' });
    expect(payload).toEqual({
      iss: 'https://chat.example.com',
      aud: 'parley',
      sub: 'usr_1',
      org: 'org_1',
      sid: 'lgn_1',
      jti: expect.stringMatching(/^[\w-]{22}$/),
      iat: now,
      exp: now + 1800,
      auth_time: now - 3600,
      amr: ['pwd'],
    });
    expect(expiresIn).toBe(1800);
  });

  it('verifies what it issued, and so does another library by the published keys', async () => {
    const { token } = await tokens.issue(subject);
    const { claims: mine, kid } = await tokens.verify(token);
    expect([mine.sub, mine.sid, kid]).toEqual(['usr_1', 'lgn_1', 'sgk_1']);
    const known = createLocalJWKSet({ keys: (await keys.published()).map((jwk) => ({ kty: 'EC', ...jwk })) });
    const theirs = await jwtVerify(token, known, {
      issuer: 'https://chat.example.com',
      audience: 'parley',
      typ: 'at+jwt',
      currentDate: clock.now(),
    });
    expect(theirs.payload.sub).toBe('usr_1');
  });

  it('takes a token made by hand when all of it is right', async () => {
    expect((await tokens.verify(forge({}))).claims.jti).toBe('j');
  });

  const tampered = () => {
    const [header, payload, signature = ''] = forge({}).split('.');
    const other = signature.startsWith('A') ? 'B' : 'A';
    return `${header}.${payload}.${other}${signature.slice(1)}`;
  };
  const regrown = () => {
    const [header, , signature] = forge({}).split('.');
    return `${header}.${encode({ ...claims, sub: 'usr_2' })}.${signature}`;
  };
  it.each<[string, () => string]>([
    ['alg none', () => `${encode({ alg: 'none', kid: 'sgk_1', typ: 'at+jwt' })}.${encode(claims)}.`],
    ['alg none under a right signature', () => forge({ alg: 'none' })],
    ['alg EdDSA', () => forge({ alg: 'EdDSA' })],
    ['alg RS256', () => forge({ alg: 'RS256' })],
    ['HS256 with the public key as secret', () => hmac({ alg: 'HS256' }, pem(keys.pairs.get('sgk_1')?.publicKey))],
    ['alg ES256 over an HMAC', () => hmac({ alg: 'ES256' }, pem(keys.pairs.get('sgk_1')?.publicKey))],
    ['typ JWT', () => forge({ typ: 'JWT' })],
    ['no typ', () => forge({ typ: undefined })],
    ['an unknown kid', () => forge({ kid: 'sgk_2' })],
    ['no kid', () => forge({ kid: undefined })],
    ['another key', () => forge({}, {}, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
    ['a foreign issuer', () => forge({}, { iss: 'https://evil.example.com' })],
    ['a foreign audience', () => forge({}, { aud: 'other' })],
    ['no login', () => forge({}, { sid: undefined })],
    ['no expiry', () => forge({}, { exp: undefined })],
    ['a textual expiry', () => forge({}, { exp: String(now + 60) })],
    ['one character of the signature changed', tampered],
    ['another payload', regrown],
    ['no signature', () => forge({}).split('.').slice(0, 2).join('.')],
    ['no JWT at all', () => 'prt_abc'],
    ['nothing', () => ''],
    ['5 kB', () => `${forge({})}${'A'.repeat(5000)}`],
  ])('refuses %s', async (_, make) => {
    await expect(tokens.verify(make())).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
      facts: { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } },
    });
  });

  it('lets a token live 30 seconds longer than it says, remembered or not', async () => {
    const soon = open(keys);
    const token = forge({}, { exp: now + 100 });
    soon.clock.advance(129_000);
    await expect(soon.tokens.verify(token)).resolves.toBeDefined();
    soon.clock.advance(2000);
    await expect(soon.tokens.verify(token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    await expect(soon.tokens.verify(forge({}, { exp: now + 100, jti: 'x' }))).rejects.toMatchObject({
      code: 'TOKEN_EXPIRED',
    });
  });

  it('remembers a token until its key is dropped', async () => {
    keys.add('sgk_revoked');
    const { token } = await tokens.issue(subject);
    await tokens.verify(token);
    const before = keys.searches;
    await tokens.verify(token);
    expect(keys.searches).toBe(before);
    expect(tokens.recall(token)?.kid).toBe('sgk_revoked');
    keys.drop('sgk_revoked');
    expect(tokens.recall(token)).toBeUndefined();
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('never remembers what it refused', async () => {
    const token = tampered();
    await expect(tokens.verify(token)).rejects.toThrow();
    expect(tokens.recall(token)).toBeUndefined();
  });
});

describe('TokenService with a shared secret', () => {
  const secret = 'a secret of the operator, 32 bytes or more';
  const { tokens } = open(new SharedSecretKeys(secret), null);

  it('signs with HS256 and publishes nothing', async () => {
    const { token } = await tokens.issue(subject);
    expect(decode(token.split('.')[0])).toMatchObject({ alg: 'HS256', typ: 'at+jwt' });
    expect(decode(token.split('.')[1]).iss).toBe('urn:parley');
    expect((await tokens.verify(token)).claims.sub).toBe('usr_1');
    await expect(new SharedSecretKeys(secret).published()).resolves.toEqual([]);
  });

  it('refuses ES256 and tokens of another secret', async () => {
    const keys = new KeysInMemory();
    keys.add('sgk_1');
    for (const other of [open(keys, null), open(new SharedSecretKeys(`${secret}!`), null)]) {
      const { token } = await other.tokens.issue(subject);
      await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    }
  });

  it('names its key without telling the secret', async () => {
    const { kid } = await new SharedSecretKeys(secret).signingKey();
    expect(kid).toMatch(/^shared-[0-9a-f]{12}$/);
    expect((await new SharedSecretKeys(`${secret}!`).signingKey()).kid).not.toBe(kid);
  });
});
