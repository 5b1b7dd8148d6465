import { Logger } from '@nestjs/common';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { Authenticator } from '../access/authenticator.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { type IdentityFixture, openIdentity, PASSWORD } from '../auth.factory.js';
import { LoginWatch } from '../logins/login-watch.js';
import { LoginsService } from '../logins/logins.service.js';
import { SignInService } from '../sign-in/sign-in.service.js';
import { StoredTokenKeys } from './stored-token-keys.js';
import { TokenService } from './token.service.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('stored signing keys', () => {
  let identity: IdentityFixture;
  let keys: StoredTokenKeys;
  let tokens: TokenService;
  const subject = { principalId: 'usr_1', orgId: 'org_1', loginId: 'lgn_1', authTime: new Date(0), amr: ['pwd'] };
  const beside = () => openIdentity({ beside: identity });
  const states = async () =>
    (await identity.db.pool.query('select kid, state from signing_keys order by created_at, kid')).rows.map(
      ({ state }) => state,
    );
  const kids = async () => (await keys.published()).map(({ kid }) => kid);
  const codeOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );

  beforeEach(async () => {
    Logger.overrideLogger(false);
    identity = await openIdentity();
    keys = identity.module.get(StoredTokenKeys);
    tokens = identity.module.get(TokenService);
  });
  afterEach(() => identity.close());

  it('are one, however many nodes start at once', async () => {
    const nodes = await Promise.all([beside(), beside(), beside()]);
    const issued = await Promise.all(nodes.map((node) => node.module.get(TokenService).issue(subject)));
    expect(await states()).toEqual(['active']);
    for (const node of nodes) {
      for (const { token } of issued) await expect(node.module.get(TokenService).verify(token)).resolves.toBeDefined();
      await node.close();
    }
  });

  it('are one when many sign at once in a process that has none yet', async () => {
    const issued = await Promise.all(Array.from({ length: 20 }, () => tokens.issue(subject)));
    expect(await states()).toEqual(['active']);
    for (const { token } of issued) await expect(tokens.verify(token)).resolves.toBeDefined();
  });

  it('are published without their private part, which lies sealed', async () => {
    const { token } = await tokens.issue(subject);
    const [jwk] = await keys.published();
    expect(Object.keys(jwk ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const { rows } = await identity.db.pool.query('select private_sealed from signing_keys');
    expect(rows[0].private_sealed).toMatch(/^pe1\./);
    expect(rows[0].private_sealed).not.toContain('PRIVATE KEY');
    const verified = await jwtVerify(token, createLocalJWKSet({ keys: [{ kty: 'EC', ...jwk }] }), {
      audience: 'parley',
      currentDate: identity.clock.now(),
    });
    expect(verified.payload.sub).toBe('usr_1');
  });

  it('rotate without refusing a valid token', async () => {
    const old = await tokens.issue(subject);
    const begun = await keys.rotate();
    expect(begun).toMatchObject({ made: true, signsAfter: new Date(identity.clock.millis() + 10 * MINUTE) });
    expect(await keys.rotate()).toEqual({ ...begun, made: false });
    expect(await states()).toEqual(['active', 'next']);
    expect(await kids()).toHaveLength(2);
    await keys.tend();
    expect(await states()).toEqual(['active', 'next']);
    identity.clock.advance(10 * MINUTE);
    await keys.tend();
    expect(await states()).toEqual(['retired', 'active']);
    const other = await beside();
    const young = await other.module.get(TokenService).issue(subject);
    for (const { token } of [old, young]) await expect(tokens.verify(token)).resolves.toBeDefined();
    const here = await tokens.issue(subject);
    for (const { token } of [young, here]) expect((await tokens.verify(token)).kid).toBe(begun.kid);
    expect((await tokens.verify(old.token)).kid).not.toBe(begun.kid);
    identity.clock.advance(61 * MINUTE + 1);
    await keys.tend();
    expect(await states()).toEqual(['active']);
    await other.close();
  });

  it('rotate by themselves after 90 days', async () => {
    await tokens.issue(subject);
    identity.clock.advance(90 * DAY);
    await keys.tend();
    expect(await states()).toEqual(['active']);
    identity.clock.advance(1);
    await keys.tend();
    await keys.tend();
    expect(await states()).toEqual(['active', 'next']);
  });

  it('end every token at once, on every node, when revoked', async () => {
    const email = 'ada@example.com';
    await identity.module.get(AccountsService).register({ email, password: PASSWORD });
    const signIn = () => identity.module.get(SignInService).signIn({ kind: 'email', key: email }, PASSWORD, {});
    const { accessToken, refreshToken } = await signIn();
    const other = await beside();
    const nodes = [identity, other].map((node) => node.module.get(Authenticator));
    for (const node of nodes) expect(await codeOf(node.authenticate(accessToken))).toBe('ok');
    const [revoked] = await kids();
    const { signing } = await keys.revoke(String(revoked));
    expect(await keys.revoke(String(revoked))).toEqual({ before: 'revoked', signing });
    for (const node of nodes) expect(await codeOf(node.authenticate(accessToken))).toBe('TOKEN_INVALID');
    expect(await kids()).toEqual([signing]);
    const onOther = await other.module.get(SignInService).signIn({ kind: 'email', key: email }, PASSWORD, {});
    for (const node of nodes) expect(await codeOf(node.authenticate(onOther.accessToken))).toBe('ok');
    const again = await signIn();
    for (const node of nodes) expect(await codeOf(node.authenticate(again.accessToken))).toBe('ok');
    expect(await codeOf(other.module.get(LoginsService).refresh(refreshToken, undefined))).toBe('ok');
    await other.close();
  });

  it('are followed by the one that waits, when the one that signs is revoked', async () => {
    const first = (await keys.signingKey()).kid;
    const { kid: next } = await keys.rotate();
    expect(await keys.revoke(first)).toEqual({ before: 'active', signing: next });
    expect(await states()).toEqual(['revoked', 'active']);
    expect((await keys.describe()).at(-1)).toMatchObject({ kid: next, activatedAt: identity.clock.now() });
  });

  it('go on signing when another one is revoked', async () => {
    const { kid } = await keys.signingKey();
    const { kid: next } = await keys.rotate();
    expect(await keys.revoke(next)).toEqual({ before: 'next', signing: kid });
    expect(await codeOf(keys.revoke('sgk_01JCZK5V4W8Q2M7N9P3R6T1XYZ'))).toBe('NOT_FOUND');
    expect(await states()).toEqual(['active', 'revoked']);
  });

  it('end neither twice nor in each other when a rotation ends while its key is revoked', async () => {
    const first = (await keys.signingKey()).kid;
    await keys.rotate();
    identity.clock.advance(10 * MINUTE);
    const other = await beside();
    await Promise.all([other.module.get(StoredTokenKeys).tend(), keys.revoke(first), keys.signingKey()]);
    expect(await states()).toEqual(['revoked', 'active']);
    await other.close();
  });

  it('close what they let in within 3 s when revoked, and only that', async () => {
    const email = 'ada@example.com';
    await identity.module.get(AccountsService).register({ email, password: PASSWORD });
    const { accessToken } = await identity.module
      .get(SignInService)
      .signIn({ kind: 'email', key: email }, PASSWORD, {});
    const other = await beside();
    const actor = await other.module.get(Authenticator).authenticate(accessToken);
    const { kid } = await keys.rotate();
    const closed: string[] = [];
    const begun = performance.now();
    const told = new Promise<number>((resolve) => {
      const watch = other.module.get(LoginWatch);
      watch.watch({ ...actor, signingKeyId: kid }, () => closed.push('another key'));
      watch.watch(actor, () => resolve(performance.now() - begun));
    });
    await keys.revoke(String(actor.signingKeyId));
    expect(await told).toBeLessThan(3000);
    expect(closed).toEqual([]);
    await other.close();
  });

  it('are looked for once a second at most when somebody invents names', async () => {
    await tokens.issue(subject);
    const connect = jest.spyOn(identity.db.pool, 'connect');
    const begun = performance.now();
    await Promise.all(Array.from({ length: 50 }, (_, n) => keys.find(`sgk_01JCZK5V4W8Q2M7N9P3R6T1X${10 + n}`)));
    await keys.find('sgk_01JCZK5V4W8Q2M7N9P3R6T1XYZ');
    await keys.find('not even a name');
    const seconds = (performance.now() - begun) / 1000;
    expect(connect.mock.calls.length).toBeLessThanOrEqual(Math.ceil(seconds));
    connect.mockRestore();
  });
});
