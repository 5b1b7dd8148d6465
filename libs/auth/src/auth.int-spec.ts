import { Controller, Get, Global, Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { configureHttp, HttpModule } from '@parley/platform/http';
import { LimitGuardModule } from '@parley/platform/limiter';
import { HttpMetrics } from '@parley/platform/observability';
import request from 'supertest';
import { type Actor } from './access/actor.js';
import { type IdentityFixture, openIdentity, PASSWORD, testConfig } from './auth.factory.js';
import { AccessMap, AuthModule, CurrentActor, Public, Recognised, RecognisedActor, Requires } from './index.js';
import { StoredTokenKeys } from './tokens/stored-token-keys.js';

@Controller('probe')
class ProbeController {
  @Get('moderate')
  @Requires('content:moderate')
  moderate(@CurrentActor() actor: Actor): { id: string } {
    return { id: actor.principalId };
  }

  @Get('open')
  @Public()
  open(): { open: boolean } {
    return { open: true };
  }

  @Get('known')
  @Recognised()
  known(@RecognisedActor() actor: Actor | undefined): { id: string | null } {
    return { id: actor?.principalId ?? null };
  }
}

@Global()
@Module({ providers: [HttpMetrics], exports: [HttpMetrics] })
class HttpMetricsModule {}

@Module({
  imports: [HttpMetricsModule, HttpModule, AuthModule, LimitGuardModule],
  controllers: [ProbeController],
})
class ProbeModule {}

async function serve({ module }: IdentityFixture): Promise<NestExpressApplication> {
  const app = module.createNestApplication<NestExpressApplication>({ bodyParser: false });
  app.setGlobalPrefix('api/v1', { exclude: ['.well-known/jwks.json'] });
  configureHttp(app, testConfig());
  return app.init();
}

describe('identity over HTTP', () => {
  let identity: IdentityFixture;
  let app: NestExpressApplication;
  const http = () => request(app.getHttpServer());
  let people = 0;
  const newPerson = async () => {
    people += 1;
    const email = `person${people}@example.com`;
    await http().post('/api/v1/auth/register').send({ email, password: PASSWORD }).expect(201);
    const { body } = await signIn(email).expect(200);
    return { email, ...body };
  };
  const signIn = (email: string, password = PASSWORD) => http().post('/api/v1/auth/login').send({ email, password });
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

  beforeAll(async () => {
    identity = await openIdentity({ imports: [ProbeModule] });
    app = await serve(identity);
  });
  afterAll(async () => {
    await app.close();
    await identity.close();
  });

  it.each(['auth', 'users'])('registers and signs in under /%s', async (base) => {
    const email = `${base}@example.com`;
    const made = await http()
      .post(`/api/v1/${base}/register`)
      .send({ email, password: PASSWORD, username: `${base} one`, display_name: null })
      .expect(201);
    expect(made.body).toEqual({
      user_id: expect.stringMatching(/^usr_/),
      email,
      username: `${base} one`,
      display_name: null,
      roles: ['user'],
      preferences: {},
      metadata: {},
      created_at: '2026-11-20T12:00:00.000Z',
      updated_at: '2026-11-20T12:00:00.000Z',
      last_login_at: null,
      version: 1,
    });
    const { body, headers } = await http()
      .post(`/api/v1/${base}/login`)
      .send({ username: `${base} ONE`, password: PASSWORD })
      .expect(200);
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 1800, user: { email } });
    expect(headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['no e-mail', { password: PASSWORD }, '/email'],
    ['no address', { email: 'ada', password: PASSWORD }, '/email'],
    ['no text', { email: 'x@example.com', password: 12345678 }, '/password'],
    ['a short username', { email: 'x@example.com', password: PASSWORD, username: 'ab' }, '/username'],
    ['an unknown member', { email: 'x@example.com', password: PASSWORD, roles: ['admin'] }, '/roles'],
  ])('refuses a registration with %s', async (_, body, pointer) => {
    const answer = await http().post('/api/v1/auth/register').send(body).expect(400);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer })]);
  });

  it('says what is wrong with a password', async () => {
    const body = { email: 'weak@example.com', password: 'Password1' };
    const answer = await http().post('/api/v1/auth/register').send(body).expect(400);
    expect(answer.body).toMatchObject({ code: 'WEAK_PASSWORD', errors: [{ pointer: '/password', code: 'common' }] });
  });

  it('answers 409 for a name that is taken', async () => {
    const { email } = await newPerson();
    const answer = await http().post('/api/v1/users/register').send({ email, password: PASSWORD }).expect(409);
    expect(answer.body.code).toBe('EMAIL_TAKEN');
  });

  it('refuses a sign-in without a name, and takes a code that nobody needs', async () => {
    const answer = await http().post('/api/v1/auth/login').send({ password: PASSWORD }).expect(400);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer: '/email' })]);
    const { email } = await newPerson();
    await http().post('/api/v1/auth/login').send({ email, password: PASSWORD, totp: '123456' }).expect(200);
  });

  it('answers a wrong and an unknown name with the same bytes', async () => {
    const { email } = await newPerson();
    const answers = await Promise.all([signIn(email, 'wrong'), signIn('nobody@example.com')]);
    const [wrong, unknown] = answers.map(({ status, body, headers }) => {
      return { status, body: { ...body, correlation_id: '' }, challenge: headers['www-authenticate'] };
    });
    expect(wrong).toEqual(unknown);
    expect(wrong).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' }, challenge: 'Bearer' });
  });

  it('locks after five failures: 423 with Retry-After, for a right password too', async () => {
    const { email } = await newPerson();
    await Promise.all(Array.from({ length: 5 }, () => signIn(email, 'wrong').expect(401)));
    const { body, headers } = await signIn(email).expect(423);
    expect(body.code).toBe('ACCOUNT_LOCKED');
    expect(headers['retry-after']).toBe('900');
  });

  it('turns pairs over, and tells of reuse', async () => {
    const { refresh_token } = await newPerson();
    const refresh = (token: string, key?: string) =>
      http()
        .post('/api/v1/auth/refresh')
        .set(key === undefined ? {} : { 'Idempotency-Key': key })
        .send({ refresh_token: token });
    const { body, headers } = await refresh(refresh_token, 'once').expect(200);
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'token_type']);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['idempotent-replayed']).toBeUndefined();
    const again = await refresh(refresh_token, 'once').expect(200);
    expect([again.body, again.headers['idempotent-replayed']]).toEqual([body, 'true']);
    const reused = await refresh(refresh_token).expect(401);
    expect(reused.body.code).toBe('REFRESH_REUSED');
    await http().get('/api/v1/auth/me').set(bearer(body.access_token)).expect(401);
  });

  it('signs out with and without a body', async () => {
    for (const body of [undefined, {}, { everywhere: true }]) {
      const { access_token } = await newPerson();
      const call = http().post('/api/v1/auth/logout').set(bearer(access_token));
      await (body === undefined ? call : call.send(body)).expect(204);
      const { body: problem } = await http().get('/api/v1/users/profile').set(bearer(access_token)).expect(401);
      expect(problem.code).toBe('TOKEN_INVALID');
    }
  });

  it('keeps profiles with versions', async () => {
    const { access_token } = await newPerson();
    const profile = () => http().get('/api/v1/users/profile').set(bearer(access_token));
    const change = (body: object, tag?: string) =>
      http()
        .put('/api/v1/users/profile')
        .set(bearer(access_token))
        .set(tag === undefined ? {} : { 'If-Match': tag })
        .send(body);
    const { headers } = await profile().expect(200);
    const etag = String(headers['etag']);
    expect(etag).toMatch(/^"1\.[\w-]{22}"$/);
    await profile().set('If-None-Match', etag).expect(304);
    const changed = await change({ display_name: '<b>Ada</b>', preferences: { theme: 'dark' } }, '"1"').expect(200);
    expect(changed.headers['etag']).toMatch(/^"2\./);
    expect(changed.body).toMatchObject({ display_name: '<b>Ada</b>', preferences: { theme: 'dark' } });
    await change({ display_name: 'x' }, '"1"').expect(412);
    await change({ display_name: null }).expect(200);
    for (const member of ['roles', 'org_id', 'user_id', 'status', 'email']) await change({ [member]: 'x' }).expect(400);
    await change({ preferences: 'dark' }).expect(400);
    await change({ metadata: { text: 'x'.repeat(20_000) } }).expect(400);
    expect((await profile()).body.metadata).toEqual({});
  });

  it('says who one is and what one may do', async () => {
    const { access_token, user } = await newPerson();
    const { body } = await http().get('/api/v1/auth/me').set(bearer(access_token)).expect(200);
    expect(body).toMatchObject({ user_id: user.user_id, roles: ['user'], login_id: expect.stringMatching(/^lgn_/) });
    expect(body.permissions).toContain('message:send');
    expect(body.permissions).not.toContain('user:manage');
  });

  describe('the guard', () => {
    it('asks for a token, whatever is sent instead', async () => {
      const { access_token, email } = await newPerson();
      const basic = Buffer.from(`${email}:${PASSWORD}`).toString('base64');
      for (const headers of [{}, { Authorization: `Basic ${basic}` }, { Authorization: access_token }]) {
        const { body, headers: sent } = await http().get('/api/v1/users/profile').set(headers).expect(401);
        expect([body.code, sent['www-authenticate']]).toEqual(['UNAUTHENTICATED', 'Bearer']);
      }
      await http().get(`/api/v1/users/profile?access_token=${access_token}`).expect(401);
    });

    it('refuses a wrong token by its cause', async () => {
      const { access_token } = await newPerson();
      const wrong = `${access_token.slice(0, -2)}${access_token.endsWith('AA') ? 'BB' : 'AA'}`;
      const { body, headers } = await http().get('/api/v1/users/profile').set(bearer(wrong)).expect(401);
      expect([body.code, headers['www-authenticate']]).toEqual(['TOKEN_INVALID', 'Bearer error="invalid_token"']);
      const soon = await newPerson();
      identity.clock.advance(1_831_000);
      const { body: late } = await http().get('/api/v1/users/profile').set(bearer(soon.access_token)).expect(401);
      expect(late.code).toBe('TOKEN_EXPIRED');
    });

    it('lets a permission through by role, from the next request on', async () => {
      const { access_token, user } = await newPerson();
      const probe = () => http().get('/api/v1/probe/moderate').set(bearer(access_token));
      expect((await probe().expect(403)).body.code).toBe('PERMISSION_DENIED');
      await identity.db.pool.query(
        `insert into role_grants (org_id, principal_id, role, granted_at)
         select org_id, principal_id, 'moderator', joined_at from memberships where principal_id = $1`,
        [user.user_id],
      );
      expect((await probe().expect(200)).body).toEqual({ id: user.user_id });
    });

    it('looks at no token on open routes, and at a right one where it says more', async () => {
      const { access_token, user } = await newPerson();
      await http().get('/api/v1/probe/open').set(bearer('nonsense')).expect(200);
      expect((await http().get('/api/v1/probe/known').expect(200)).body).toEqual({ id: null });
      expect((await http().get('/api/v1/probe/known').set(bearer(access_token))).body).toEqual({ id: user.user_id });
      await http().get('/api/v1/probe/known').set(bearer('nonsense')).expect(401);
    });

    it('knows every entrance', () => {
      const entrances = app.get(AccessMap).all();
      const login = entrances.find(({ handler }) => handler === 'SignInController.login');
      expect(login).toEqual({
        method: 'POST',
        paths: ['/auth/login', '/users/login'],
        handler: 'SignInController.login',
        access: 'public',
      });
      expect(entrances.map(({ access }) => access)).toEqual(expect.arrayContaining(['signed-in', 'content:moderate']));
    });
  });

  it('has nothing else beside its keys', async () => {
    const { body } = await http().get('/.well-known/nothing').expect(404);
    expect(body.code).toBe('NOT_FOUND');
    await http().post('/.well-known/jwks.json').expect(405).expect('Allow', 'GET, HEAD, OPTIONS');
  });

  it('publishes its keys to anybody, for five minutes', async () => {
    const { body, headers } = await http().get('/.well-known/jwks.json').expect(200);
    expect(body.keys).toEqual([expect.objectContaining({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })]);
    expect(JSON.stringify(body)).not.toContain('"d"');
    expect(headers['cache-control']).toBe('public, max-age=300');
  });
});

describe('limits of sign-in', () => {
  const limit = (calls: number) => ({ limit: calls, per_seconds: 60 });
  let identity: IdentityFixture;
  let app: NestExpressApplication;
  const post = (path: string, body: object) => request(app.getHttpServer()).post(`/api/v1${path}`).send(body);
  const email = 'ada@example.com';

  beforeEach(async () => {
    const classes = { 'auth.login': limit(5), 'auth.refresh': limit(2), 'auth.register': limit(1) };
    identity = await openIdentity({ imports: [ProbeModule], limits: { classes } });
    app = await serve(identity);
    await post('/users/register', { email, password: PASSWORD }).expect(201);
  });
  afterEach(async () => {
    await app.close();
    await identity.close();
  });

  it('refuse the sixth sign-in and the second registration of an address', async () => {
    for (let call = 0; call < 5; call++) {
      const { headers } = await post(call % 2 ? '/auth/login' : '/users/login', { email, password: PASSWORD }).expect(
        200,
      );
      expect(headers['ratelimit']).toContain(`r=${4 - call}`);
    }
    const { body, headers } = await post('/auth/login', { email, password: PASSWORD }).expect(429);
    expect(body).toMatchObject({ code: 'RATE_LIMITED', policy: 'auth.login', limit: 5 });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await post('/auth/register', { email: 'b@example.com', password: PASSWORD }).expect(429);
  });

  it('tell of a lock before they tell of too many calls', async () => {
    await Promise.all(Array.from({ length: 5 }, () => post('/auth/login', { email, password: 'wrong' }).expect(401)));
    await post('/auth/login', { email, password: PASSWORD }).expect(423);
    await post('/auth/login', { email: 'else@example.com', password: PASSWORD }).expect(429);
  });

  it('count refreshes by login', async () => {
    const logins = await Promise.all([1, 2].map(() => post('/auth/login', { email, password: PASSWORD }).expect(200)));
    for (const { body } of logins) {
      const second = await post('/auth/refresh', { refresh_token: body.refresh_token }).expect(200);
      const third = await post('/auth/refresh', { refresh_token: second.body.refresh_token }).expect(200);
      await post('/auth/refresh', { refresh_token: third.body.refresh_token }).expect(429);
    }
  });
});

describe('the regular care', () => {
  it('is done every five minutes, and turns keys over that are old', async () => {
    const identity = await openIdentity({ imports: [ProbeModule] });
    await identity.module.init();
    expect(identity.jobs.schedules.get('auth.care')).toBe('*/5 * * * *');
    const keys = async () => (await identity.db.pool.query('select state from signing_keys order by kid')).rows;
    await identity.module.get(StoredTokenKeys).signingKey();
    await identity.db.pool.query(
      `insert into login_failures (identifier, network, at) select 'x', 'n', $1 from generate_series(1, 6000)`,
      [identity.clock.now()],
    );
    identity.clock.advance(91 * 86_400_000);
    await identity.jobs.run('auth.care');
    expect(await keys()).toEqual([{ state: 'active' }, { state: 'next' }]);
    expect((await identity.db.pool.query('select from login_failures')).rowCount).toBe(0);
    await identity.close();
  });
});

describe('an application with an undeclared route', () => {
  @Controller('forgotten')
  class ForgottenController {
    @Get()
    read(): string {
      return 'secret';
    }
  }

  @Module({ imports: [HttpMetricsModule, HttpModule, AuthModule], controllers: [ForgottenController] })
  class ForgottenModule {}

  it('does not start', async () => {
    const identity = await openIdentity({ imports: [ForgottenModule] });
    await expect(identity.module.init()).rejects.toThrow('ForgottenController.read must declare @Public()');
    await identity.close();
  });
});
