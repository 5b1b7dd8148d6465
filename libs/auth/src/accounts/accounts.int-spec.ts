import { Logger, Module } from '@nestjs/common';
import { isId } from '@parley/platform/ids';
import { DEFAULT_ORG_ID } from '@parley/schema';
import { type Actor, INSTALLATION, systemActor } from '../access/actor.js';
import { type IdentityFixture, openIdentity, PASSWORD } from '../auth.factory.js';
import { IdentityModule } from '../identity.module.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { AccountsService } from './accounts.service.js';
import { FirstAdmin } from './first-admin.js';

const codeOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'ok',
    (error: { code: string }) => error.code,
  );

describe('accounts', () => {
  let identity: IdentityFixture;
  let accounts: AccountsService;
  const sql = async (text: string, values: unknown[] = []) => (await identity.db.pool.query(text, values)).rows;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    identity = await openIdentity();
    accounts = identity.module.get(AccountsService);
  });
  afterAll(() => identity.close());

  it('start with nobody', async () => {
    expect(await sql('select * from users')).toEqual([]);
    expect(await accounts.hasAdmin(INSTALLATION)).toBe(false);
  });

  describe('register', () => {
    it('makes an account with the role user, the first one too', async () => {
      const account = await accounts.register({
        email: ' Ada@Example.com',
        password: PASSWORD,
        username: 'Ada',
        displayName: 'A',
      });
      expect(isId('user', account.principalId)).toBe(true);
      expect(account).toMatchObject({
        email: 'Ada@Example.com',
        username: 'Ada',
        displayName: 'A',
        roles: ['user'],
        version: 1,
      });
      const [membership] = await sql('select org_id from memberships where principal_id = $1', [account.principalId]);
      expect(membership.org_id).toBe(DEFAULT_ORG_ID);
    });

    it('refuses names that are taken, however they are written', async () => {
      expect(await codeOf(accounts.register({ email: 'ADA@example.COM ', password: PASSWORD }))).toBe('EMAIL_TAKEN');
      const username = accounts.register({ email: 'ada2@example.com', password: PASSWORD, username: 'ＡＤＡ' });
      expect(await codeOf(username)).toBe('USERNAME_TAKEN');
      expect(await sql(`select from principals where id not in (select principal_id from users)`)).toEqual([]);
    });

    it('gives one of many at once the name', async () => {
      const calls = Array.from({ length: 5 }, () =>
        codeOf(accounts.register({ email: 'one@example.com', password: PASSWORD })),
      );
      expect((await Promise.all(calls)).sort()).toEqual([
        'EMAIL_TAKEN',
        'EMAIL_TAKEN',
        'EMAIL_TAKEN',
        'EMAIL_TAKEN',
        'ok',
      ]);
    });

    it('refuses weak passwords with all their reasons and stores nothing', async () => {
      const refusal = await accounts
        .register({ email: 'weak@example.com', password: 'iloveyou', username: 'ILoveYou' })
        .catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: 'WEAK_PASSWORD',
        status: 400,
        facts: { errors: [{ code: 'too_few_kinds' }, { code: 'personal' }, { code: 'common' }] },
      });
      expect(await sql(`select from users where email_key = 'weak@example.com'`)).toEqual([]);
    });

    it.each([
      ['email', { email: 'no address', password: PASSWORD }],
      ['username', { email: 'fine@example.com', password: PASSWORD, username: 'a@b' }],
    ])('refuses a malformed %s wherever it comes from', async (member, registration) => {
      const refusal = await accounts.createAdmin(INSTALLATION, registration).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'VALIDATION_FAILED', facts: { errors: [{ pointer: `/${member}` }] } });
    });

    it('tells passwords apart by their last character', async () => {
      const hasher = identity.module.get(PasswordHasher);
      const long = 'x'.repeat(99);
      const stored = await hasher.hash(`${long}a`);
      expect(await hasher.verify(stored, `${long}a`)).toBe(true);
      expect(await hasher.verify(stored, `${long}b`)).toBe(false);
      expect(await hasher.verify(stored, `${long}ａ`)).toBe(true);
    });

    it('answers not before 250 ms, taken or not', async () => {
      for (const email of ['time@example.com', 'time@example.com', 'time@example.com']) {
        const begun = performance.now();
        await codeOf(accounts.register({ email, password: PASSWORD }));
        expect(performance.now() - begun).toBeGreaterThan(249);
      }
    });

    it('is closed where the configuration says so', async () => {
      const closed = await openIdentity({ beside: identity, auth: { registration: 'closed' } });
      const service = closed.module.get(AccountsService);
      const stranger = service.register({ email: 'x@example.com', password: PASSWORD });
      expect(await codeOf(stranger)).toBe('REGISTRATION_CLOSED');
      await service.createAdmin(INSTALLATION, { email: 'root@example.com', password: PASSWORD });
      await closed.close();
      expect(await accounts.hasAdmin(INSTALLATION)).toBe(true);
    });
  });

  describe('profile', () => {
    const actorFor = async (email: string): Promise<Actor> => {
      const { principalId } = await accounts.register({ email, password: PASSWORD });
      return { ...systemActor(DEFAULT_ORG_ID, []), kind: 'user', principalId };
    };

    it('changes what was sent and counts its versions', async () => {
      const actor = await actorFor('grace@example.com');
      const changed = await accounts.updateProfile(
        actor,
        { displayName: 'Grace', preferences: { theme: 'dark' } },
        undefined,
      );
      expect(changed).toMatchObject({ displayName: 'Grace', preferences: { theme: 'dark' }, metadata: {}, version: 2 });
      const again = await accounts.updateProfile(actor, { displayName: null, metadata: { a: [1] } }, [2]);
      expect(again).toMatchObject({
        displayName: null,
        preferences: { theme: 'dark' },
        metadata: { a: [1] },
        version: 3,
      });
      expect(await accounts.profile(actor)).toEqual(again);
    });

    it('refuses a change of another version', async () => {
      const actor = await actorFor('joan@example.com');
      await accounts.updateProfile(actor, { displayName: 'Joan' }, [1]);
      expect(await codeOf(accounts.updateProfile(actor, { displayName: 'x' }, [1]))).toBe('PRECONDITION_FAILED');
      expect(await codeOf(accounts.updateProfile(actor, { displayName: 'x' }, []))).toBe('PRECONDITION_FAILED');
      // The longest number that `If-Match` may bring is greater than any version that the table can hold.
      const greatest = [999_999_999_999_999];
      expect(await codeOf(accounts.updateProfile(actor, { displayName: 'x' }, greatest))).toBe('PRECONDITION_FAILED');
      expect(await codeOf(accounts.updateProfile(actor, { displayName: 'y' }, 'any'))).toBe('ok');
    });

    it('lets one of two changes of the same version through', async () => {
      const actor = await actorFor('barbara@example.com');
      const calls = ['a', 'b'].map((displayName) => codeOf(accounts.updateProfile(actor, { displayName }, [1])));
      expect((await Promise.all(calls)).sort()).toEqual(['PRECONDITION_FAILED', 'ok']);
    });

    it('is nobody’s where there is no such person', async () => {
      const nobody = systemActor(DEFAULT_ORG_ID, []);
      expect(await codeOf(accounts.profile(nobody))).toBe('NOT_FOUND');
    });
  });
});

@Module({ imports: [IdentityModule], providers: [FirstAdmin] })
class FirstAdminModule {}

describe('the first administrator', () => {
  const start = (identity: IdentityFixture, email: string, password: string | null = PASSWORD) =>
    openIdentity({ beside: identity, admin: { email, password }, imports: [FirstAdminModule] }).then(async (node) => {
      try {
        await node.module.init();
      } finally {
        await node.close();
      }
    });
  let identity: IdentityFixture;
  const admins = async () =>
    (await identity.db.pool.query(`select email from users join role_grants using (principal_id) where role = 'admin'`))
      .rows;

  beforeEach(async () => {
    identity = await openIdentity();
  });
  afterEach(() => identity.close());

  it('is made once, by one of many nodes', async () => {
    await Promise.all([1, 2, 3].map(() => start(identity, 'root@example.com')));
    await start(identity, 'other@example.com');
    expect(await admins()).toEqual([{ email: 'root@example.com' }]);
  });

  it('is made anew when the only one was disabled', async () => {
    await start(identity, 'root@example.com');
    await identity.db.pool.query(`update principals set status = 'disabled'`);
    await start(identity, 'second@example.com');
    expect((await admins()).map(({ email }) => email)).toEqual(['root@example.com', 'second@example.com']);
  });

  it('needs a good password: the start names the setting, never the value', async () => {
    const refusal: Error = await start(identity, 'root@example.com', 'Password1').then(
      () => new Error('it started'),
      (error: Error) => error,
    );
    expect(refusal.message).toContain('PARLEY_ADMIN_PASSWORD');
    expect(refusal.message).not.toContain('Password1');
    expect(await admins()).toEqual([]);
  });

  it('never makes an administrator of somebody who registered with that address', async () => {
    await identity.module.get(AccountsService).register({ email: 'root@example.com', password: PASSWORD });
    await start(identity, 'root@example.com');
    expect(await admins()).toEqual([]);
  });
});
