import { Registry } from 'prom-client';
import { Authenticator } from '../access/authenticator.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { type Identifier, toName } from '../accounts/names.js';
import { type IdentityFixture, openIdentity, PASSWORD } from '../auth.factory.js';
import { LoginsService } from '../logins/logins.service.js';
import { SignInService } from './sign-in.service.js';
import { SignInAttempts } from './sign-in-attempts.js';

const MINUTE = 60_000;
const HOME = '192.0.2.7';
const CAFE = '198.51.100.9';

describe('sign-in', () => {
  let identity: IdentityFixture;
  let accounts: AccountsService;
  let signIn: SignInService;
  let attempts: SignInAttempts;

  beforeAll(async () => {
    identity = await openIdentity({ auth: { max_logins: 3 } });
    accounts = identity.module.get(AccountsService);
    signIn = identity.module.get(SignInService);
    attempts = identity.module.get(SignInAttempts);
  });
  afterAll(() => identity.close());

  const named = (email: string): Identifier => ({ kind: 'email', key: toName(email).key });
  /** As the door does it: a lock is told first. */
  const enter = async (email: string, password = PASSWORD, address = HOME, token?: string) => {
    await attempts.refuseLocked(await attempts.describe(named(email), address, token));
    return signIn.signIn(named(email), password, { address, userAgent: 'test', token });
  };
  const codeOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );
  const fail = async (email: string, times: number, address = HOME) => {
    const attempt = await attempts.describe(named(email), address);
    for (let time = 0; time < times; time++) await attempts.failed(attempt);
  };
  const lockOf = async (email: string) => attempts.refuseLocked(await attempts.describe(named(email), HOME));
  const sql = async (text: string, values: unknown[] = []) => (await identity.db.pool.query(text, values)).rows;

  it('opens a login by e-mail and by username, however they are written', async () => {
    await accounts.register({ email: 'Ada@Example.com', password: PASSWORD, username: 'Ada' });
    const { accessToken, refreshToken, expiresIn, user } = await enter(' ada@EXAMPLE.com ');
    expect(user).toMatchObject({ email: 'Ada@Example.com', roles: ['user'], lastLoginAt: identity.clock.now() });
    expect(refreshToken).toMatch(/^prt_[\w-]{43}$/);
    expect(expiresIn).toBe(1800);
    const actor = await identity.module.get(Authenticator).authenticate(accessToken);
    expect(actor).toMatchObject({ kind: 'user', principalId: user.principalId, roles: ['user'] });
    expect(actor.permissions.has('session:create')).toBe(true);
    await signIn.signIn({ kind: 'username', key: 'ada' }, PASSWORD, {});
    const [login] = await sql('select ip, network, user_agent, amr from logins where id = $1', [actor.loginId]);
    expect(login).toEqual({ ip: HOME, network: '192.0.2.0/24', user_agent: 'test', amr: ['pwd'] });
  });

  it('stores neither passwords nor refresh tokens', async () => {
    const { refreshToken } = await enter('ada@example.com');
    const [stored] = await sql('select password_hash from credentials limit 1');
    expect(stored.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    const dump = JSON.stringify([
      await sql('select hash::text from refresh_tokens'),
      await sql('select * from logins'),
    ]);
    expect(dump).not.toContain(refreshToken.slice(4));
    expect(dump).not.toContain(Buffer.from(refreshToken).toString('hex'));
  });

  it('refuses every cause alike, not before 250 ms, for exactly one hash', async () => {
    const disabled = await accounts.register({ email: 'off@example.com', password: PASSWORD });
    await sql(`update principals set status = 'disabled' where id = $1`, [disabled.principalId]);
    const bare = await accounts.register({ email: 'bare@example.com', password: PASSWORD });
    await sql('delete from credentials where principal_id = $1', [bare.principalId]);
    const gone = await accounts.register({ email: 'gone@example.com', password: PASSWORD });
    await sql(`update memberships set status = 'left' where principal_id = $1`, [gone.principalId]);
    const hashes = async () => {
      const text = await identity.module.get(Registry).getSingleMetricAsString('parley_password_hash_seconds');
      return Number(/_count (\d+)/.exec(text)?.[1]);
    };
    const refusals: unknown[] = [];
    for (const [email, password] of [
      ['nobody@example.com', PASSWORD],
      ['ada@example.com', 'wrong'],
      ['off@example.com', PASSWORD],
      ['bare@example.com', PASSWORD],
      ['gone@example.com', PASSWORD],
    ] as const) {
      const before = await hashes();
      const begun = performance.now();
      refusals.push(
        await enter(email, password).catch(({ code, status, message, facts }) => ({ code, status, message, facts })),
      );
      const elapsed = performance.now() - begun;
      expect(await hashes()).toBe(before + 1);
      expect(elapsed).toBeGreaterThan(249);
    }
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal)))).toEqual(
      new Set([expect.stringContaining('"INVALID_CREDENTIALS"')]),
    );
  });

  it('replaces a weaker hash once the password is known', async () => {
    const { hash } = await import('@node-rs/argon2');
    const { principalId } = await accounts.register({ email: 'old@example.com', password: PASSWORD });
    const weak = await hash(PASSWORD, { memoryCost: 4096, timeCost: 1 });
    await sql('update credentials set password_hash = $2 where principal_id = $1', [principalId, weak]);
    await enter('old@example.com');
    const [stored] = await sql('select password_hash from credentials where principal_id = $1', [principalId]);
    expect(stored.password_hash).toContain('$m=19456,t=2,p=1$');
    await enter('old@example.com');
  });

  it('tells whoever comes when a hundred wait already, and serves them', async () => {
    const codes = await Promise.all(
      Array.from({ length: 130 }, () => codeOf(signIn.signIn({ kind: 'username', key: 'ada' }, PASSWORD, {}))),
    );
    const refused = codes.filter((code) => code === 'OVERLOADED').length;
    expect(refused).toBeGreaterThan(0);
    expect(codes.filter((code) => code === 'ok').length).toBe(130 - refused);
    expect(130 - refused).toBeGreaterThan(100);
  });

  it('keeps at most so many logins, the least recently used goes first', async () => {
    await accounts.register({ email: 'many@example.com', password: PASSWORD });
    const pairs = [];
    for (let time = 0; time < 3; time++) {
      pairs.push(await enter('many@example.com'));
      identity.clock.advance(MINUTE);
    }
    await identity.module.get(LoginsService).refresh(pairs[0]?.refreshToken ?? '', undefined);
    identity.clock.advance(MINUTE);
    pairs.push(await enter('many@example.com'));
    const authenticator = identity.module.get(Authenticator);
    const codes = pairs.map(({ accessToken }) => codeOf(authenticator.authenticate(accessToken)));
    expect(await Promise.all(codes)).toEqual(['ok', 'TOKEN_INVALID', 'ok', 'ok']);
  });

  it('keeps that bound when many sign in at once', async () => {
    await accounts.register({ email: 'rush@example.com', password: PASSWORD });
    await Promise.all(Array.from({ length: 8 }, () => enter('rush@example.com')));
    const [{ open }] = await sql(
      `select count(*) as open from logins l join users u using (principal_id) where u.email_key = 'rush@example.com' and ended_at is null`,
    );
    expect(open).toBe(3);
  });

  describe('locks', () => {
    it('a name in one network after five failures in 15 minutes, for 15 minutes', async () => {
      await accounts.register({ email: 'lock@example.com', password: PASSWORD });
      await fail('lock@example.com', 4);
      expect(await codeOf(enter('lock@example.com', 'wrong'))).toBe('INVALID_CREDENTIALS');
      const refusal = await enter('lock@example.com').catch((error) => error);
      expect(refusal).toMatchObject({ code: 'ACCOUNT_LOCKED', status: 423, facts: { retryAfter: 900 } });
      expect(await codeOf(enter('lock@example.com', PASSWORD, '192.0.2.250'))).toBe('ACCOUNT_LOCKED');
      expect(await codeOf(enter('lock@example.com', PASSWORD, CAFE))).toBe('ok');
      identity.clock.advance(15 * MINUTE - 1000);
      expect(await codeOf(enter('lock@example.com'))).toBe('ACCOUNT_LOCKED');
      identity.clock.advance(1000);
      expect(await codeOf(enter('lock@example.com'))).toBe('ok');
    });

    it('names that nobody has, too', async () => {
      await fail('ghost@example.com', 5);
      expect(await codeOf(enter('ghost@example.com'))).toBe('ACCOUNT_LOCKED');
    });

    it('neither counts nor prolongs by tries during a lock', async () => {
      await fail('calm@example.com', 5);
      identity.clock.advance(10 * MINUTE);
      await fail('calm@example.com', 5);
      identity.clock.advance(5 * MINUTE);
      await fail('calm@example.com', 4);
      expect(await codeOf(enter('calm@example.com'))).toBe('INVALID_CREDENTIALS');
      expect(await codeOf(enter('calm@example.com'))).toBe('ACCOUNT_LOCKED');
    });

    it('forgets the failures of a pair at a success, and after 15 minutes', async () => {
      await accounts.register({ email: 'again@example.com', password: PASSWORD });
      await fail('again@example.com', 4);
      await enter('again@example.com');
      await fail('again@example.com', 4);
      identity.clock.advance(15 * MINUTE);
      await fail('again@example.com', 1);
      expect(await codeOf(enter('again@example.com'))).toBe('ok');
    });

    it('does not let a right guess in when others brought the lock meanwhile', async () => {
      await accounts.register({ email: 'race@example.com', password: PASSWORD });
      await fail('race@example.com', 5);
      expect(await codeOf(signIn.signIn(named('race@example.com'), PASSWORD, { address: HOME }))).toBe(
        'ACCOUNT_LOCKED',
      );
    });

    it('counts failures at the same moment one by one', async () => {
      const attempt = await attempts.describe(named('parallel@example.com'), HOME);
      await Promise.all(Array.from({ length: 5 }, () => attempts.failed(attempt)));
      expect(await codeOf(enter('parallel@example.com'))).toBe('ACCOUNT_LOCKED');
    });

    it('unknown networks after 50 failures in an hour, never the known ones', async () => {
      await accounts.register({ email: 'famous@example.com', password: PASSWORD });
      await enter('famous@example.com');
      for (let network = 0; network < 50; network++) await fail('famous@example.com', 1, `203.0.${network}.1`);
      expect(await codeOf(enter('famous@example.com', PASSWORD, CAFE))).toBe('ACCOUNT_LOCKED');
      expect(await codeOf(enter('famous@example.com', PASSWORD, '192.0.2.99'))).toBe('ok');
      identity.clock.advance(15 * MINUTE);
      expect(await codeOf(enter('famous@example.com', PASSWORD, CAFE))).toBe('ok');
    });

    it('locks unknown networks again while failures go on', async () => {
      for (let network = 0; network < 50; network++) await fail('sought@example.com', 1, `203.0.${network}.1`);
      identity.clock.advance(15 * MINUTE);
      expect(await codeOf(enter('sought@example.com', PASSWORD, CAFE))).toBe('INVALID_CREDENTIALS');
      expect(await codeOf(enter('sought@example.com', PASSWORD, '198.18.0.1'))).toBe('ACCOUNT_LOCKED');
    });

    describe('of unknown networks', () => {
      const lockOut = async (email: string) => {
        for (let network = 0; network < 50; network++) await fail(email, 1, `203.0.${network}.1`);
      };
      const register = async (email: string) => {
        await accounts.register({ email, password: PASSWORD });
        return (await enter(email)).deviceToken;
      };

      it('never touches a device that shows what an earlier sign-in gave it', async () => {
        const device = await register('roams@example.com');
        expect(device).toMatch(/^pdt_/);
        await lockOut('roams@example.com');
        expect(await codeOf(enter('roams@example.com', PASSWORD, CAFE))).toBe('ACCOUNT_LOCKED');
        expect(await codeOf(enter('roams@example.com', 'wrong', CAFE, device))).toBe('INVALID_CREDENTIALS');
        expect(await codeOf(enter('roams@example.com', PASSWORD, CAFE, device))).toBe('ok');
      });

      it('touches a device of somebody else, a forged one, and one that was not here for 90 days', async () => {
        const mine = await register('owner@example.com');
        const theirs = await register('thief@example.com');
        const [body = '', signature = ''] = mine.slice(4).split('.');
        const other = Buffer.from(Buffer.from(body, 'base64url').toString().replace('usr_', 'usr_0')).toString(
          'base64url',
        );
        const forged = [`pdt_${body}.${'A'.repeat(43)}`, `pdt_${other}.${signature}`, `pdt_${body}.`, 'pdt_.', '', 'x'];
        await lockOut('owner@example.com');
        for (const token of [theirs, ...forged])
          expect(await codeOf(enter('owner@example.com', PASSWORD, CAFE, token))).toBe('ACCOUNT_LOCKED');
        expect(await codeOf(enter('owner@example.com', PASSWORD, CAFE, mine))).toBe('ok');
        identity.clock.advance(90 * 24 * 60 * MINUTE);
        await lockOut('owner@example.com');
        expect(await codeOf(enter('owner@example.com', PASSWORD, CAFE, mine))).toBe('ACCOUNT_LOCKED');
      });

      it('leaves the lock of a pair as it is: a device opens nothing', async () => {
        const device = await register('guessed@example.com');
        await fail('guessed@example.com', 5, CAFE);
        expect(await codeOf(enter('guessed@example.com', PASSWORD, CAFE, device))).toBe('ACCOUNT_LOCKED');
      });
    });

    it('holds a network for known 90 days after a sign-in', async () => {
      await accounts.register({ email: 'rare@example.com', password: PASSWORD });
      await enter('rare@example.com');
      const lockOut = async () => {
        for (let network = 0; network < 50; network++) await fail('rare@example.com', 1, `203.0.${network}.1`);
      };
      identity.clock.advance(90 * 24 * 60 * MINUTE - MINUTE);
      await lockOut();
      expect(await codeOf(lockOf('rare@example.com'))).toBe('ok');
      identity.clock.advance(2 * MINUTE);
      expect(await codeOf(lockOf('rare@example.com'))).toBe('ACCOUNT_LOCKED');
    });
  });
});
