import { Logger } from '@nestjs/common';
import { Authenticator } from '../access/authenticator.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { type IdentityFixture, openIdentity, PASSWORD } from '../auth.factory.js';
import { AuthRetention } from '../auth.retention.js';
import { SignInService } from '../sign-in/sign-in.service.js';
import { LoginWatch } from './login-watch.js';
import { LoginsService } from './logins.service.js';
import { newRefreshToken } from './refresh-token.js';

const DAY = 86_400_000;

describe('logins', () => {
  let identity: IdentityFixture;
  let other: IdentityFixture;
  let logins: LoginsService;
  let authenticator: Authenticator;
  let people = 0;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    identity = await openIdentity();
    other = await openIdentity({ beside: identity });
    await Promise.all([identity.module.init(), other.module.init()]);
    logins = identity.module.get(LoginsService);
    authenticator = identity.module.get(Authenticator);
  });
  afterAll(async () => {
    await other.close();
    await identity.close();
  });

  const newPerson = async () => {
    people += 1;
    const email = `person${people}@example.com`;
    await identity.module.get(AccountsService).register({ email, password: PASSWORD });
    return email;
  };
  const enter = async (email: string) =>
    identity.module.get(SignInService).signIn({ kind: 'email', key: email }, PASSWORD, { address: '192.0.2.1' });
  const newLogin = async () => enter(await newPerson());
  const codeOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );
  const sql = async (text: string, values: unknown[] = []) => (await identity.db.pool.query(text, values)).rows;

  describe('refresh', () => {
    it('gives a new pair for the same login and uses the token up', async () => {
      const first = await newLogin();
      const second = await logins.refresh(first.refreshToken, undefined);
      expect(second.refreshToken).not.toBe(first.refreshToken);
      const before = await authenticator.authenticate(first.accessToken);
      expect(await authenticator.authenticate(second.accessToken)).toEqual(before);
      expect(await codeOf(logins.refresh(second.refreshToken, undefined))).toBe('ok');
    });

    it('ends the login when a used token is shown again, on every node', async () => {
      const first = await newLogin();
      const second = await logins.refresh(first.refreshToken, undefined);
      expect(await codeOf(other.module.get(LoginsService).refresh(first.refreshToken, undefined))).toBe(
        'REFRESH_REUSED',
      );
      expect(await codeOf(logins.refresh(second.refreshToken, undefined))).toBe('REFRESH_INVALID');
      for (const node of [identity, other]) {
        const asked = node.module.get(Authenticator).authenticate(second.accessToken);
        expect(await codeOf(asked)).toBe('TOKEN_INVALID');
      }
      const [login] = await sql('select end_reason from logins order by id desc limit 1');
      expect(login.end_reason).toBe('refresh_reused');
    });

    it('answers one of twenty parallel calls and ends the login', async () => {
      const { refreshToken } = await newLogin();
      const [here, there] = [logins, other.module.get(LoginsService)];
      const calls = Array.from({ length: 20 }, (_, call) =>
        codeOf((call % 2 ? here : there).refresh(refreshToken, undefined)),
      );
      const codes = await Promise.all(calls);
      expect(codes.filter((code) => code === 'ok')).toHaveLength(1);
      expect(codes.filter((code) => code === 'REFRESH_REUSED')).toHaveLength(19);
      const [login] = await sql('select ended_at from logins order by id desc limit 1');
      expect(login.ended_at).not.toBeNull();
    });

    it('gives the same pair for the same key within a minute, in parallel too', async () => {
      const { refreshToken } = await newLogin();
      const pairs = await Promise.all(Array.from({ length: 5 }, () => logins.refresh(refreshToken, 'key-1')));
      expect(new Set(pairs.map(({ replayed: _, ...pair }) => JSON.stringify(pair))).size).toBe(1);
      expect(pairs.filter(({ replayed }) => !replayed)).toHaveLength(1);
      identity.clock.advance(59_000);
      expect(await other.module.get(LoginsService).refresh(refreshToken, 'key-1')).toEqual({
        ...pairs[0],
        replayed: true,
      });
      const dump = JSON.stringify(
        await sql('select replay_sealed from refresh_tokens where replay_sealed is not null'),
      );
      expect(dump).toContain('pe1.');
      expect(dump).not.toContain(pairs[0]?.refreshToken);
      identity.clock.advance(1000);
      expect(await codeOf(logins.refresh(refreshToken, 'key-1'))).toBe('REFRESH_REUSED');
    });

    it('takes another key, or none, for a second use', async () => {
      for (const key of ['key-2', undefined]) {
        const { refreshToken } = await newLogin();
        await logins.refresh(refreshToken, 'key-1');
        expect(await codeOf(logins.refresh(refreshToken, key))).toBe('REFRESH_REUSED');
      }
    });

    it('repeats nothing for a login that has ended', async () => {
      const { refreshToken, accessToken } = await newLogin();
      await logins.refresh(refreshToken, 'key-1');
      await logins.signOut(await authenticator.authenticate(accessToken), {});
      expect(await codeOf(logins.refresh(refreshToken, 'key-1'))).toBe('REFRESH_REUSED');
    });

    it('refuses unknown and malformed tokens', async () => {
      for (const token of [newRefreshToken().token, 'prt_short', '', (await newLogin()).accessToken]) {
        expect(await codeOf(logins.refresh(token, undefined))).toBe('REFRESH_INVALID');
      }
    });

    it('refuses a token after 30 days without use, and every one after 90 days', async () => {
      let { refreshToken } = await newLogin();
      for (let month = 0; month < 3; month++) {
        identity.clock.advance(30 * DAY - 1000);
        ({ refreshToken } = await logins.refresh(refreshToken, undefined));
      }
      identity.clock.advance(3000);
      expect(await codeOf(logins.refresh(refreshToken, undefined))).toBe('REFRESH_INVALID');
      const unused = await newLogin();
      identity.clock.advance(30 * DAY);
      expect(await codeOf(logins.refresh(unused.refreshToken, undefined))).toBe('REFRESH_INVALID');
    });

    it('refuses a person that was disabled', async () => {
      const { refreshToken, user } = await newLogin();
      await sql(`update principals set status = 'disabled' where id = $1`, [user.principalId]);
      expect(await codeOf(logins.refresh(refreshToken, undefined))).toBe('REFRESH_INVALID');
    });
  });

  describe('sign-out', () => {
    it('ends the login for the next request on every node', async () => {
      const { accessToken, refreshToken } = await newLogin();
      const seen = other.module.get(Authenticator);
      const actor = await seen.authenticate(accessToken);
      await logins.signOut(actor, {});
      expect(await codeOf(seen.authenticate(accessToken))).toBe('TOKEN_INVALID');
      expect(await codeOf(seen.renew(actor))).toBe('TOKEN_INVALID');
      expect(await codeOf(logins.refresh(refreshToken, undefined))).toBe('REFRESH_INVALID');
    });

    it('ends another own login by its refresh token, and nobody else’s', async () => {
      const email = await newPerson();
      const [phone, laptop, tablet] = [await enter(email), await enter(email), await enter(email)];
      const stranger = await newLogin();
      const actor = await authenticator.authenticate(phone.accessToken);
      await logins.signOut(actor, { refreshToken: laptop.refreshToken });
      await logins.signOut(await authenticator.authenticate(tablet.accessToken), {
        refreshToken: stranger.refreshToken,
      });
      const codes = [phone, laptop, tablet, stranger].map(({ accessToken }) =>
        codeOf(authenticator.authenticate(accessToken)),
      );
      expect(await Promise.all(codes)).toEqual(['TOKEN_INVALID', 'TOKEN_INVALID', 'TOKEN_INVALID', 'ok']);
    });

    it('ends all of them everywhere', async () => {
      const email = await newPerson();
      const [phone, laptop] = [await enter(email), await enter(email)];
      await logins.signOut(await authenticator.authenticate(phone.accessToken), { everywhere: true });
      expect(await codeOf(authenticator.authenticate(laptop.accessToken))).toBe('TOKEN_INVALID');
    });
  });

  describe('the read behind every request', () => {
    it('sees what has changed since the token was verified', async () => {
      const { accessToken, user } = await newLogin();
      const { principalId } = user;
      const permitted = async () => (await authenticator.authenticate(accessToken)).permissions.has('content:moderate');
      expect(await permitted()).toBe(false);
      const grant = `insert into role_grants (org_id, principal_id, role, granted_at, expires_at)
        select org_id, principal_id, 'moderator', joined_at, $2 from memberships where principal_id = $1`;
      await sql(grant, [principalId, new Date(identity.clock.millis() + 60_000)]);
      expect(await permitted()).toBe(true);
      identity.clock.advance(60_000);
      expect(await permitted()).toBe(false);
      await sql(`update memberships set status = 'left' where principal_id = $1`, [principalId]);
      expect(await codeOf(authenticator.authenticate(accessToken))).toBe('TOKEN_INVALID');
    });

    it('is one statement, on the hundredth request too', async () => {
      const { accessToken } = await newLogin();
      const connect = jest.spyOn(identity.db.pool, 'connect');
      for (let request = 0; request < 100; request++) await authenticator.authenticate(accessToken);
      expect(connect).toHaveBeenCalledTimes(100);
      connect.mockRestore();
    });

    it('shares the permissions of equal roles', async () => {
      const [one, two] = [await newLogin(), await newLogin()];
      const actors = await Promise.all([one, two].map(({ accessToken }) => authenticator.authenticate(accessToken)));
      expect(actors[0]?.permissions).toBe(actors[1]?.permissions);
    });
  });

  describe('work that was begun through a login', () => {
    it('goes on with the rights of today when the login has ended', async () => {
      const { accessToken, user } = await newLogin();
      const actor = await authenticator.authenticate(accessToken);
      await logins.signOut(actor, {});
      expect(await authenticator.restore(actor, 'message:send')).toEqual({ ...actor, signingKeyId: null });
      expect(await codeOf(authenticator.restore(actor, 'user:manage'))).toBe('PERMISSION_DENIED');
      await sql('delete from role_grants where principal_id = $1', [user.principalId]);
      expect(await codeOf(authenticator.restore(actor, 'message:send'))).toBe('PERMISSION_DENIED');
    });

    it('ends with a disabled account, and never belongs to another organisation', async () => {
      const { accessToken, user } = await newLogin();
      const actor = await authenticator.authenticate(accessToken);
      const elsewhere = { ...actor, orgId: 'org_01JCZK5V4W8Q2M7N9P3R6T1XYZ' };
      expect(await codeOf(authenticator.restore(elsewhere, 'message:send'))).toBe('PERMISSION_DENIED');
      await sql(`update principals set status = 'disabled' where id = $1`, [user.principalId]);
      expect(await codeOf(authenticator.restore(actor, 'message:send'))).toBe('PERMISSION_DENIED');
    });
  });

  it('name people by what others see, and their time zone', async () => {
    const { accessToken, user } = await newLogin();
    const named = async () => {
      const { name, timeZone } = await authenticator.authenticate(accessToken);
      return { name, timeZone };
    };
    expect(await named()).toEqual({ name: null, timeZone: null });
    await sql(
      `update users set username = 'ada', preferences = '{"time_zone": "Europe/Berlin"}' where principal_id = $1`,
      [user.principalId],
    );
    expect(await named()).toEqual({ name: 'ada', timeZone: 'Europe/Berlin' });
    await sql(`update users set display_name = 'Ada' where principal_id = $1`, [user.principalId]);
    expect((await named()).name).toBe('Ada');
  });

  describe('open connections', () => {
    /** Opens a connection; the promise in it says after how many milliseconds it was told to close. */
    const connect = async (node: IdentityFixture, accessToken: string) => {
      const actor = await node.module.get(Authenticator).authenticate(accessToken);
      const begun = performance.now();
      const told = new Promise<number>((resolve) => {
        node.module.get(LoginWatch).watch(actor, () => resolve(performance.now() - begun));
      });
      return { told };
    };

    it('hear of a sign-out on their node at once, on a node without a bus within 3 s', async () => {
      const { accessToken } = await newLogin();
      const here = await connect(identity, accessToken);
      const there = await connect(other, accessToken);
      await logins.signOut(await authenticator.authenticate(accessToken), {});
      expect(await here.told).toBeLessThan(1000);
      expect(await there.told).toBeLessThan(3000);
    });

    it('hear that their person was disabled', async () => {
      const { accessToken, user } = await newLogin();
      const there = await connect(other, accessToken);
      await sql(`update principals set status = 'disabled' where id = $1`, [user.principalId]);
      expect(await there.told).toBeLessThan(3000);
    });
  });

  it('sweeps what no rule looks at any more, and nothing else', async () => {
    const counts = async () => {
      const [row] = await sql(
        `select (select count(*) from logins) as logins, (select count(*) from refresh_tokens) as tokens`,
      );
      return row;
    };
    const { refreshToken, accessToken } = await newLogin();
    const retention = identity.module.get(AuthRetention);
    await retention.sweep(identity.clock.now());
    expect(await codeOf(authenticator.authenticate(accessToken))).toBe('ok');
    identity.clock.advance(90 * DAY + 1000);
    await retention.sweep(identity.clock.now());
    expect((await counts()).logins).toBeGreaterThan(0);
    expect(await codeOf(logins.refresh(refreshToken, undefined))).toBe('REFRESH_INVALID');
    identity.clock.advance(7 * DAY);
    const swept = await retention.sweep(identity.clock.now());
    expect(swept.logins).toBeGreaterThan(0);
    expect(await counts()).toEqual({ logins: 0, tokens: 0 });
  });
});
