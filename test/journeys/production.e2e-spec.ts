import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { FakeModel } from '../support/fake-model/index.js';
import { ParleyClient } from '../support/nodes/client.js';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { record } from '../support/sockets/index.js';
import { codesOf, items, messagesOf } from './chat-world.js';

const ADMIN = { email: 'admin@example.com', password: 'correct-horse-battery-staple' };

/** The program as `config/production.yaml` has it, with no more than what production demands. */
describe('in production', () => {
  let model: FakeModel;
  let db: TestDatabase;
  let dataDir: string;
  let node: ParleyNode;
  let admin: ParleyClient;

  const start = (env: Readonly<Record<string, string>>) =>
    ParleyNode.start({
      env: {
        PARLEY_ENV: 'production',
        PARLEY_DATA_DIR: dataDir,
        DATABASE_URL: db.appUrl,
        DATABASE_MIGRATION_URL: db.ownerUrl,
        OPENAI_BASE_URL: model.url,
        PARLEY_MODEL: 'openai:fake-1',
        PARLEY_ADMIN_EMAIL: ADMIN.email,
        PARLEY_ADMIN_PASSWORD: ADMIN.password,
        ...env,
      },
    });
  beforeAll(async () => {
    [model, db] = await Promise.all([FakeModel.start(), openTestDatabase()]);
    dataDir = await mkdtemp(join(tmpdir(), 'parley-production-'));
    node = await start({
      PARLEY_KEK: randomBytes(32).toString('base64'),
      PARLEY__HTTP__ALLOWED_HOSTS: '127.0.0.1',
    });
    admin = new ParleyClient(node.url);
    const { body } = await admin.call('/auth/login', { method: 'POST', body: ADMIN });
    admin.token = String(body['access_token']);
  }, 60_000);
  afterAll(async () => {
    await node.stop();
    await db.close();
    await model.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('a start without a key-encryption key or hosts is refused by their names', async () => {
    const refused = await start({}).catch((error: unknown) => String(error));
    expect(refused).toContain('PARLEY_KEK');
    expect(refused).toContain('PARLEY__HTTP__ALLOWED_HOSTS');
  }, 60_000);

  it('nobody registers', async () => {
    const body = { email: 'eve@example.com', password: ADMIN.password };
    const { status, body: problem } = await new ParleyClient(node.url).call('/auth/register', { method: 'POST', body });
    expect([status, problem['code']]).toEqual([403, 'REGISTRATION_CLOSED']);
  });

  it('a message has 4000 code points at most, as everywhere', async () => {
    const made = await admin.call('/chat/sessions', { method: 'POST', body: { title: 'Long' } });
    const session = String(made.body['session_id']);
    const say = (content: string) => admin.call(messagesOf(session), { method: 'POST', body: { content } });
    const long = `${'😀'.repeat(1000)}${'x'.repeat(3000)}`;
    const taken = await say(long);
    expect(taken.status).toBe(201);
    expect(record(taken.body['message'])['content']).toBe(long);
    expect(model.requests()).toHaveLength(1);
    const refused = await say(`${long}y`);
    expect(refused.status).toBe(400);
    expect(codesOf(refused.body)).toEqual([{ pointer: '/content', code: 'OUT_OF_BOUNDS' }]);
    expect(items(await admin.call(messagesOf(session)))).toHaveLength(2);
    expect((await admin.call(`/chat/sessions/${session}`)).body['message_count']).toBe(2);
    expect(model.requests()).toHaveLength(1);
    const script = '<script>alert("x")</script>';
    expect(record((await say(script)).body['message'])['content']).toBe(script);
  });
});
