import { describeOnPostgresServer, describeOnRedis, eventually } from '@parley/platform/testing';
import pg from 'pg';
import {
  type Acknowledged,
  Arrangement,
  audit,
  Follower,
  post,
  question,
  sendSurely,
  settledBooks,
  TRANSPORTS,
} from '../support/ledger/index.js';
import { ParleyClient } from '../support/nodes/client.js';

/** Promised times are those of a machine of its own; here others work on the same two cores. */
const SLACK = 2;
const PATIENCE_MS = 30_000;
const LOGINS = 12;
const LIMITS = {
  'auth.login': { limit: LOGINS, per_seconds: 3600 },
  'auth.register': { limit: 1000, per_seconds: 60 },
  anonymous: { limit: 1000, per_seconds: 60 },
  'socket.connect': { limit: 1000, per_seconds: 60 },
};

describeOnPostgresServer('two nodes on one database, by notification', () => {
  describeTwoNodes({ redis: false });
});

describeOnRedis('two nodes on one database and Redis', () => {
  describeTwoNodes({ redis: true });
});

function describeTwoNodes({ redis }: { redis: boolean }): void {
  let nodes: Arrangement;
  let client: ParleyClient;
  let logins = 0;

  beforeAll(async () => {
    nodes = await Arrangement.start({
      nodes: 2,
      server: true,
      redis,
      env: { PARLEY__LIMITS__CLASSES: JSON.stringify(LIMITS) },
      envOf: (n): Record<string, string> => (n === 0 ? { PARLEY__RUNS__MAX_RUNNING_PER_NODE: '1' } : {}),
    });
    client = await signIn();
  }, 120_000);
  afterAll(() => nodes.stop(), 60_000);

  const signIn = () => {
    logins += 1;
    return ParleyClient.register(nodes.url(0));
  };
  const grantAdmin = async (principalId: string) => {
    const owner = new pg.Client({ connectionString: nodes.database?.ownerUrl });
    await owner.connect();
    await owner.query(
      `insert into role_grants (org_id, principal_id, role, granted_at)
       select org_id, principal_id, 'admin', now() from memberships where principal_id = $1`,
      [principalId],
    );
    await owner.end();
  };
  const openSession = async (): Promise<string> => {
    const { body } = await client.call('/chat/sessions', { method: 'POST', body: { title: 'Two nodes' } });
    return String(body['session_id']);
  };
  const place = (n: number, sessionId: string) => ({ url: nodes.url(n), token: String(client.token), sessionId });
  const follow = (n: number, sessionId: string, transport: (typeof TRANSPORTS)[number]) =>
    new Follower({ name: `node ${n}`, transport, token: String(client.token), sessionId, url: () => nodes.url(n) });
  const send = (n: number, sessionId: string, content: string): Promise<Acknowledged> =>
    sendSurely({ content, client_message_id: content.slice(0, 60) }, (one) => post(place(n, sessionId), one), 10_000);
  const runOf = async (sent: Acknowledged, sessionId: string) =>
    (await client.on(nodes.url(1)).call(`/chat/sessions/${sessionId}/runs/${sent.receipt.run_id}`)).body;
  const statusOf = async (n: number) =>
    (
      await new ParleyClient(nodes.url(n)).call<{ status: string; checks: Record<string, { status: string }> }>(
        '/health',
      )
    ).body;

  it('serves readers on B with what happens on A: the same events and the whole text', async () => {
    const sessionId = await openSession();
    const readers = TRANSPORTS.map((transport) => follow(1, sessionId, transport));
    // A reader says how things stand when it has replayed, and it replays once it hears the other node.
    await eventually(() => readers.every(({ reading }) => reading.statuses > 0), 'readers that follow', PATIENCE_MS);
    const sent = await send(0, sessionId, question(40, 40, 'from one node to the other'));
    const books = await settledBooks(client, sessionId, PATIENCE_MS);
    await eventually(
      () => readers.every(({ reading }) => reading.cursor === books.lastSeq),
      'every event with every reader',
      PATIENCE_MS,
    );
    const matter = { sessionId, acknowledged: [sent], readings: readers.map(({ reading }) => reading) };
    expect(audit(matter, books)).toEqual([]);
    for (const { reading } of readers) {
      // Without Redis deltas do not travel: readers on B live on what A writes down every 250 ms.
      expect(reading.deltas + reading.snapshots).toBeGreaterThanOrEqual(2);
      if (redis) expect([...reading.wholeByDeltas]).toHaveLength(1);
    }
    await Promise.all(readers.map((reader) => reader.close()));
  }, 60_000);

  it('stops a run of A when B is asked to, and closes the line to the model', async () => {
    const sessionId = await openSession();
    const reader = follow(1, sessionId, 'websocket');
    const sent = await send(0, sessionId, question(400, 50, 'to be cancelled'));
    await eventually(() => reader.reading.deltas + reader.reading.snapshots > 0, 'text on its way', PATIENCE_MS);
    const asked = performance.now();
    const path = `/chat/sessions/${sessionId}/runs/${sent.receipt.run_id}/cancel`;
    expect((await client.on(nodes.url(1)).call(path, { method: 'POST' })).status).toBe(202);
    await eventually(
      () => reader.reading.events.some(({ type }) => type === 'run.cancelled'),
      'the cancelled run',
      PATIENCE_MS,
    );
    expect(performance.now() - asked).toBeLessThan(2000 * SLACK);
    await nodes.model.waitFor((request) => request.user.includes('to be cancelled') && request.aborted);
    const books = await settledBooks(client, sessionId, PATIENCE_MS);
    expect(audit({ sessionId, acknowledged: [sent], readings: [reader.reading] }, books)).toEqual([]);
    expect(books.messages.at(-1)).toMatchObject({ status: 'partial', finish_reason: 'cancelled' });
    await reader.close();
  }, 60_000);

  it('executes on B what A is too full for', async () => {
    const [busy, waiting] = [await openSession(), await openSession()];
    const long = await send(0, busy, question(400, 50, 'keeps A busy'));
    const queued = await send(0, waiting, question(3, 20, 'taken by the other'));
    await eventually(
      async () => (await runOf(queued, waiting))['status'] === 'completed',
      'the end of the queued run',
      PATIENCE_MS,
    );
    expect(await runOf(long, busy)).toMatchObject({ status: 'running' });
    const { events } = await settledBooks(client, waiting, PATIENCE_MS);
    expect(events.map(({ type }) => type).slice(0, 3)).toEqual(['message.created', 'run.queued', 'run.started']);
    await client.call(`/chat/sessions/${busy}/runs/${long.receipt.run_id}/cancel`, { method: 'POST' });
    await settledBooks(client, busy, PATIENCE_MS);
  }, 60_000);

  it('changes a use case on both nodes', async () => {
    const admin = await signIn();
    const { body: me } = await admin.call('/auth/me');
    await grantAdmin(String(me['user_id']));
    const path = '/admin/use-cases/basic_chat';
    const temperatureOn = async (n: number) => {
      const { body } = await admin.on(nodes.url(n)).call('/chat/use-cases/basic_chat');
      const properties = Object(Object(body['settings_schema'])['properties']);
      return Object(properties['temperature'])['default'];
    };
    const headers = { 'If-Match': '"0"' };
    const body = { settings: { temperature: 0.125 } };
    expect((await admin.call(path, { method: 'PUT', body, headers })).status).toBe(200);
    expect(await temperatureOn(0)).toBe(0.125);
    const asked = performance.now();
    await eventually(async () => (await temperatureOn(1)) === 0.125, 'the override on the other node', PATIENCE_MS);
    expect(performance.now() - asked).toBeLessThan(2000 * SLACK);
    const sessionId = await openSession();
    await send(1, sessionId, question(2, 10, 'with the override'));
    const [request] = await nodes.model.waitFor({ user: /with the override/ });
    expect(request?.body).toMatchObject({ temperature: 0.125 });
    // What B decides on is what A has written, also where B has not heard of it.
    expect((await admin.on(nodes.url(1)).call(path)).headers.get('etag')).toBe('"1"');
    const late = { method: 'PUT', body: {}, headers };
    expect((await admin.on(nodes.url(1)).call(path, late)).status).toBe(412);
    const away = { method: 'DELETE', headers: { 'If-Match': '"1"' } };
    expect((await admin.on(nodes.url(1)).call(path, away)).status).toBe(204);
    await eventually(async () => (await temperatureOn(0)) === 0.7, 'the default again', PATIENCE_MS);
  }, 60_000);

  it('ends a login on both nodes at once', async () => {
    const leaving = await signIn();
    const { body } = await leaving.call('/chat/sessions', { method: 'POST', body: { title: 'Leaving' } });
    const sessionId = String(body['session_id']);
    const token = String(leaving.token);
    const reader = new Follower({ name: 'B', transport: 'websocket', token, sessionId, url: () => nodes.url(1) });
    await eventually(() => reader.connections === 1, 'the open line', PATIENCE_MS);
    const asked = performance.now();
    expect((await leaving.call('/auth/logout', { method: 'POST', body: {} })).status).toBe(204);
    expect((await leaving.on(nodes.url(1)).call('/auth/me')).status).toBe(401);
    await eventually(() => reader.ends.length > 0, 'the end of the line', PATIENCE_MS);
    expect(performance.now() - asked).toBeLessThan((redis ? 1000 : 3000) * SLACK);
    expect(reader.ends[0]).toMatch(/^4401 /);
    await reader.close();
  }, 60_000);

  it('counts attempts to sign in once for both', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < LOGINS + 2; n += 1) {
      const body = { email: `nobody${n}@example.com`, password: 'correct-horse-battery-staple' };
      const { status } = await new ParleyClient(nodes.url(n % 2)).call('/auth/login', { method: 'POST', body });
      statuses.push(status);
    }
    const allowed = LOGINS - logins;
    expect(statuses).toEqual([...Array<number>(allowed).fill(401), ...Array<number>(logins + 2).fill(429)]);
  }, 60_000);

  if (redis) {
    it('loses nothing while Redis is away, says so, and recovers', async () => {
      const sessionId = await openSession();
      const readers = TRANSPORTS.map((transport) => follow(1, sessionId, transport));
      await eventually(() => readers.every((reader) => reader.connections === 1), 'open lines', PATIENCE_MS);
      const first = await send(0, sessionId, question(60, 60, 'Redis goes in the middle'));
      await eventually(() => readers.every(({ reading }) => reading.deltas > 0), 'text on its way', PATIENCE_MS);
      await nodes.redis?.kill();
      await eventually(
        async () => (await Promise.all([0, 1].map(statusOf))).every(isDegraded),
        'nodes that miss Redis',
        PATIENCE_MS,
      );
      const second = await send(0, sessionId, question(20, 40, 'while Redis is away'));
      await settledBooks(client, sessionId, PATIENCE_MS);
      await nodes.redis?.restart();
      await eventually(
        async () => (await Promise.all([0, 1].map(statusOf))).every(({ status }) => status === 'ok'),
        'nodes that have Redis again',
        PATIENCE_MS,
      );
      const third = await send(0, sessionId, question(20, 40, 'Redis is back'));
      const books = await settledBooks(client, sessionId, PATIENCE_MS);
      await eventually(
        () => readers.every(({ reading }) => reading.cursor === books.lastSeq),
        'every event with every reader',
        PATIENCE_MS,
      );
      const readings = readers.map(({ reading }) => reading);
      expect(audit({ sessionId, acknowledged: [first, second, third], readings }, books)).toEqual([]);
      expect([...books.runs.values()].map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
      const last = books.messages.at(-1)?.message_id ?? '';
      for (const reading of readings) expect(reading.wholeByDeltas).toContain(last);
      expect(readers.map(({ connections }) => connections)).toEqual([1, 1, 1]);
      await Promise.all(readers.map((reader) => reader.close()));
    }, 120_000);
  }

  if (!redis) {
    it('works a schedule once over both', async () => {
      const query = async (text: string) => (await nodes.database?.pool.query<{ n: number }>(text))?.rows ?? [];
      const count = 'select count(*)::int as n from pgboss';
      await eventually(
        async () => (await query(`${count}.schedule where name = 'auth.care'`))[0]?.n === 1,
        'the schedule',
        PATIENCE_MS,
      );
      await query(`update pgboss.schedule set cron = '* * * * *' where name = 'auth.care'`);
      const worked = `select count(*)::int as n from pgboss.job where name = 'auth.care' and created_on > now() - interval '10 minutes'
        group by date_trunc('minute', coalesce(singleton_on, created_on))`;
      const done = `${count}.job where name = 'auth.care' and state = 'completed'`;
      const since = (await query(done))[0]?.n ?? 0;
      await eventually(async () => ((await query(done))[0]?.n ?? 0) > since, 'what the schedule sent', 150_000);
      // Both nodes look at the clock several times a minute: time for the second one to send it again.
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      for (const minute of await query(worked)) expect(minute.n).toBe(1);
    }, 180_000);
  }

  it('hands what waits to B when A leaves, with what runs there ended honestly', async () => {
    const sessionId = await openSession();
    const running = await send(0, sessionId, question(400, 50, 'longer than A has time'));
    const waiting = await send(0, sessionId, question(5, 20, 'waits behind it'));
    const reader = follow(1, sessionId, 'sse');
    await eventually(() => reader.connections === 1, 'the open line', PATIENCE_MS);
    expect(await nodes.node(0).stop()).toBe(0);
    const books = await settledBooks(client.on(nodes.url(1)), sessionId, PATIENCE_MS);
    await eventually(() => reader.reading.cursor === books.lastSeq, 'every event', PATIENCE_MS);
    expect(audit({ sessionId, acknowledged: [running, waiting], readings: [reader.reading] }, books)).toEqual([]);
    expect(books.runs.get(running.receipt.run_id)).toMatchObject({
      status: 'failed',
      error: { code: 'RUN_INTERRUPTED' },
    });
    expect(books.runs.get(waiting.receipt.run_id)).toMatchObject({ status: 'completed' });
    await reader.close();
    await nodes.restart(0);
  }, 60_000);
}

function isDegraded({ status, checks }: { status: string; checks: Record<string, { status: string }> }): boolean {
  return status === 'degraded' && checks['redis']?.status === 'degraded';
}
