import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type Config, configSchema } from '@parley/platform/config';
import { jobSchema } from '@parley/platform/jobs';
import {
  describeOnRedis,
  eventually,
  openTestDatabase,
  openTestRedis,
  type TestDatabase,
} from '@parley/platform/testing';
import pg from 'pg';
import request from 'supertest';
import { openHealthApp } from './health-app.factory.js';

const TOKEN = 'for-the-scraper-only';
const ADMIN = { email: 'admin@example.org', password: 'correct horse battery staple' };

async function configFor(db: TestDatabase, dataDir: string, redisUrl: string | null = null): Promise<Config> {
  return configSchema.parse({
    env: 'test',
    data_dir: dataDir,
    database: { url: db.appUrl, migration_url: db.ownerUrl },
    redis: { url: redisUrl, prefix: `${randomBytes(4).toString('hex')}:` },
    keys: { source: 'env', kek: randomBytes(32).toString('base64') },
    metrics: { token: TOKEN },
    admin: ADMIN,
    limits: { enabled: false },
  });
}

async function open(config: Config): Promise<NestExpressApplication> {
  const app = await openHealthApp(config, false);
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('health over a PostgreSQL', () => {
  let db: TestDatabase;
  let dataDir: string;
  let app: NestExpressApplication;
  beforeAll(async () => {
    Logger.overrideLogger(false);
    db = await openTestDatabase({ companions: [jobSchema] });
    dataDir = await mkdtemp(join(tmpdir(), 'parley-health-'));
    app = await open(await configFor(db, dataDir));
  });
  afterAll(async () => {
    await app.close();
    await db.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const get = (path: string) => request(app.getHttpServer()).get(path);

  async function signIn(): Promise<string> {
    const response = await request(app.getHttpServer()).post('/api/v1/auth/login').send(ADMIN).expect(200);
    return response.body.access_token;
  }

  it('answers on all three paths, without caches in between', async () => {
    for (const path of ['/health', '/api/health', '/api/v1/health']) {
      const { body, headers } = await get(path).expect(200);
      expect(headers['cache-control']).toBe('no-store');
      expect(body).toMatchObject({ checks: { database: { status: 'up' }, redis: { status: 'up' } } });
      expect(Date.parse(body.timestamp)).toBeGreaterThan(Date.now() - 60_000);
    }
    await get('/api/v1/api/v1/health').expect(404);
  });

  it('tells the open world the version only, and holders of system:read everything', async () => {
    const { body: open } = await get('/api/v1/status').expect(200);
    expect(Object.keys(open).sort()).toEqual(['status', 'version']);
    await get('/status').set('Authorization', 'Bearer nonsense').expect(401);
    const { body } = await get('/status')
      .set('Authorization', `Bearer ${await signIn()}`)
      .expect(200);
    expect(body).toMatchObject({
      mode: 'server',
      nodes: [{ node_id: expect.stringMatching(/^nod_/), role: 'api', version: '0.0.0' }],
      counts: { users: 1, sessions: 0, messages: 0, runs: 0, jobs_waiting: 0, dead_letters: 0 },
      at_rest: { wrapping_key: 'env', sealed: expect.arrayContaining(['signing keys']) },
    });
    expect(Math.abs(body.uptime_seconds - process.uptime())).toBeLessThan(5);
    expect(body).toHaveProperty('commit');
  });

  it('shows metrics to the token and to principals that may read them, and to nobody else', async () => {
    await get('/metrics').expect(401);
    await get('/metrics').set('Authorization', 'Bearer wrong').expect(401);
    const { text, headers } = await get('/api/metrics').set('Authorization', `Bearer ${TOKEN}`).expect(200);
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(text).toContain('parley_db_pool_connections');
    expect(text).toContain('parley_jobs_total');
    await get('/api/v1/metrics')
      .set('Authorization', `Bearer ${await signIn()}`)
      .expect(200);
    const registered = { email: 'somebody@example.org', password: 'a long enough passphrase' };
    const http = request(app.getHttpServer());
    await http.post('/api/v1/auth/register').send(registered).expect(201);
    const { body } = await http.post('/api/v1/auth/login').send(registered).expect(200);
    await get('/metrics').set('Authorization', `Bearer ${body.access_token}`).expect(403);
    const status = await get('/status').set('Authorization', `Bearer ${body.access_token}`).expect(200);
    expect(Object.keys(status.body).sort()).toEqual(['status', 'version']);
  });

  it('is not ready on a schema that it does not know, and says no more than that', async () => {
    const owner = new pg.Client({ connectionString: db.ownerUrl });
    await owner.connect();
    await owner.query("update migrations set name = '9999-later' where name = '0002-conversations'");
    await eventually(async () => (await get('/health/ready')).status === 503, 'not ready', 20_000);
    const { body } = await get('/health').expect(503);
    expect(body).toMatchObject({
      status: 'error',
      checks: {
        database: { status: 'up' },
        migrations: { status: 'down', reason: 'the schema is of another version of the program' },
      },
    });
    await owner.query("update migrations set name = '0002-conversations' where name = '9999-later'");
    await owner.end();
    await eventually(async () => (await get('/health/ready')).status === 200, 'ready again', 15_000);
  }, 40_000);

  it('needs no data directory beside a server', async () => {
    await rm(dataDir, { recursive: true });
    await eventually(
      async () => (await get('/health')).body.checks.storage.reason === 'nothing is stored in files',
      'the check of the storage',
      15_000,
    );
    await get('/health/ready').expect(200);
  });

  it('says that the database is away, and loses no word about where it is', async () => {
    const owner = new pg.Client({ connectionString: db.ownerUrl });
    await owner.connect();
    const { rows } = await owner.query('select current_database() as name');
    await owner.query(`revoke connect on database ${rows[0]?.name} from public`);
    await owner.query(`revoke connect on database ${rows[0]?.name} from parley_app`);
    await db.cutConnections();
    await eventually(async () => (await get('/health/ready')).status === 503, 'not ready', 15_000);
    const { body } = await get('/health').expect(503);
    expect(body.checks.database).toEqual({ status: 'down', reason: 'the database does not answer' });
    expect(JSON.stringify(body)).not.toMatch(/parley_app|socket|127\.0|postgres/);
    await get('/health/live').expect(200);
    await owner.query(`grant connect on database ${rows[0]?.name} to parley_app`);
    await owner.end();
    await eventually(async () => (await get('/health/ready')).status === 200, 'ready again', 15_000);
  }, 40_000);
});

describeOnRedis('health with Redis', () => {
  it('is degraded while Redis is away, ready all the time, and well again after it', async () => {
    const redis = await openTestRedis();
    const db = await openTestDatabase({ companions: [jobSchema] });
    const app = await open(await configFor(db, tmpdir(), redis.url));
    const get = (path: string) => request(app.getHttpServer()).get(path);
    await eventually(async () => (await get('/health')).body.checks.redis.status === 'up', 'Redis is up', 15_000);
    expect((await get('/health')).body.checks.redis).toEqual({ status: 'up' });
    await redis.kill();
    await eventually(
      async () => (await get('/health')).body.checks.redis.status === 'degraded',
      'Redis is missed',
      15_000,
    );
    const { body } = await get('/health').expect(200);
    expect(body.status).toBe('degraded');
    expect(JSON.stringify(body)).not.toContain(String(redis.port));
    await get('/health/ready').expect(200);
    await redis.restart();
    await eventually(async () => (await get('/health')).body.checks.redis.status === 'up', 'Redis is up again', 15_000);
    await app.close();
    await db.close();
    await redis.close();
  }, 60_000);
});
