import { randomBytes } from 'node:crypto';
import { eventually, openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { decodeProtectedHeader } from 'jose';
import { freshDataDir, removeDataDirs, runJson } from '../../apps/cli/src/cli.factory.js';
import { ParleyClient } from '../support/nodes/client.js';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { EventSourceLine, PlainLine, record, SocketIoLine } from '../support/sockets/index.js';

/** What docs/operations.md promises for open connections. */
const CLOSED_WITHIN_MS = 3000;
/** That is on a machine of its own; here others work on the same cores. */
const SLACK = 2;
const PASSWORD = 'correct-horse-battery-staple';

const kidOf = ({ token }: ParleyClient) => decodeProtectedHeader(String(token)).kid;
const statusOf = async (client: ParleyClient) => (await client.call('/auth/me')).status;

async function publishedBy(node: ParleyNode): Promise<unknown[]> {
  const { keys } = record(await (await fetch(`${node.url}/.well-known/jwks.json`)).json());
  if (!Array.isArray(keys)) throw new Error('no key set');
  return keys.map((key: unknown) => record(key)['kid']);
}

/** Somebody new, and what they hold after signing in. */
async function join(node: ParleyNode, name: string) {
  const client = await ParleyClient.register(node.url, name);
  const credentials = { email: `${name}@example.com`, password: PASSWORD };
  const { body } = await new ParleyClient(node.url).call('/auth/login', { method: 'POST', body: credentials });
  return { client, credentials, refreshToken: String(body['refresh_token']) };
}

async function signIn(node: ParleyNode, body: object): Promise<ParleyClient> {
  const pair = await new ParleyClient(node.url).call('/auth/login', { method: 'POST', body });
  return new ParleyClient(node.url, String(pair.body['access_token']));
}

async function parley(env: Record<string, string>, ...args: string[]): Promise<Record<string, unknown>> {
  const { exitCode, json } = await runJson(args, env);
  if (exitCode !== 0) throw new Error(`parley ${args.join(' ')}: ${JSON.stringify(json)}`);
  return json;
}

describe('signing keys of two running nodes', () => {
  let db: TestDatabase;
  let here: ParleyNode;
  let there: ParleyNode;
  let env: Record<string, string>;

  beforeAll(async () => {
    db = await openTestDatabase();
    env = {
      PARLEY_ENV: 'test',
      PARLEY_DATA_DIR: freshDataDir(),
      PARLEY_KEK: randomBytes(32).toString('base64'),
      DATABASE_URL: db.appUrl,
      DATABASE_MIGRATION_URL: db.ownerUrl,
      PARLEY__LIMITS__ENABLED: 'false',
    };
    here = await ParleyNode.start({ env });
    there = await ParleyNode.start({ env });
  }, 60_000);
  afterAll(async () => {
    await Promise.all([here?.stop(), there?.stop()]);
    await db.close();
    removeDataDirs();
  }, 60_000);

  /** Ten minutes go by, and a node looks after the keys. */
  async function tenMinutesLater(kid: string): Promise<void> {
    await db.pool.query("update signing_keys set created_at = created_at - interval '10 minutes' where kid = $1", [
      kid,
    ]);
    await db.pool.query(`insert into pgboss.job (name, data) values ('auth.care', '{"payload":{}}')`);
    const active = "select 1 from signing_keys where kid = $1 and state = 'active'";
    await eventually(async () => (await db.pool.query(active, [kid])).rowCount === 1, 'the rotation', 20_000);
  }

  it('rotate and are revoked by command', async () => {
    const { client: ada } = await join(here, 'ada');
    const first = kidOf(ada);
    const { kid: second } = await parley(env, 'key', 'rotate-signing');
    expect(await publishedBy(there)).toEqual([first, second]);
    expect(kidOf((await join(there, 'early')).client)).toBe(first);

    await tenMinutesLater(String(second));
    const { client: bob, credentials, refreshToken } = await join(here, 'bob');
    expect(kidOf(bob)).toBe(second);
    // Both nodes have signed with the old key; what signs now is asked each time.
    expect(kidOf(await signIn(there, credentials))).toBe(second);
    for (const { url } of [here, there]) {
      expect([await statusOf(ada.on(url)), await statusOf(bob.on(url))]).toEqual([200, 200]);
    }

    const { body } = await bob.call('/chat/sessions', { method: 'POST', body: { title: 'Keys' } });
    const session = String(body['session_id']);
    const stream = await EventSourceLine.open(bob, `/chat/sessions/${session}/events`);
    const plain = await PlainLine.open(there.url, session, { token: bob.token });
    const socket = await SocketIoLine.open(there.url, String(bob.token));
    const staying = await SocketIoLine.open(there.url, String(ada.token));
    plain.send({ type: 'ping' });
    await plain.answer('pong');
    let cut = 0;
    socket.socket.on('disconnect', () => {
      cut = performance.now();
    });
    const begun = performance.now();
    const { signing_kid: third } = await parley(env, 'key', 'revoke-signing', String(second));

    for (const { url } of [here, there]) {
      expect((await bob.on(url).call('/auth/me')).body).toMatchObject({ status: 401, code: 'TOKEN_INVALID' });
      expect(await statusOf(ada.on(url))).toBe(200);
    }
    for (const node of [here, there]) {
      const again = await signIn(node, credentials);
      expect(kidOf(again)).toBe(third);
      expect([await statusOf(again.on(here.url)), await statusOf(again.on(there.url))]).toEqual([200, 200]);
    }
    const refresh = { method: 'POST', body: { refresh_token: refreshToken } };
    expect((await new ParleyClient(there.url).call('/auth/refresh', refresh)).status).toBe(200);
    expect(await publishedBy(there)).toEqual([first, third]);

    expect(await plain.view.over()).toBe('4401');
    await stream.view.over();
    expect(stream.view.errors).toMatchObject([{ code: 'TOKEN_INVALID' }]);
    await eventually(() => cut > 0, 'the end of the socket');
    expect(performance.now() - begun).toBeLessThan(CLOSED_WITHIN_MS * SLACK);
    expect(staying.socket.connected).toBe(true);
    staying.socket.disconnect();
  }, 60_000);
});

describe('signing keys beside a node with the embedded database', () => {
  afterEach(removeDataDirs);

  it('are changed by command while it runs', async () => {
    const env = { PARLEY_ENV: 'test', PARLEY_DATA_DIR: freshDataDir() };
    const node = await ParleyNode.start({ env });
    const { client: ada, credentials } = await join(node, 'ada');
    const { kid: next } = await parley(env, 'key', 'rotate-signing');
    expect(await publishedBy(node)).toEqual([kidOf(ada), next]);
    expect(await parley(env, 'key', 'revoke-signing', String(kidOf(ada)))).toMatchObject({ signing_kid: next });
    expect(await statusOf(ada)).toBe(401);
    const again = await signIn(node, credentials);
    expect([kidOf(again), await statusOf(again)]).toEqual([next, 200]);
    expect(await node.stop()).toBe(0);
  }, 60_000);
});
