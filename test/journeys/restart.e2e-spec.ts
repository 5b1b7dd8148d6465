import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeOnPostgresServer, openTestDatabase, openTestPostgres } from '@parley/platform/testing';
import { FakeModel } from '../support/fake-model/index.js';
import { ParleyClient } from '../support/nodes/client.js';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { EventSourceLine, PlainLine, record, SocketIoLine } from '../support/sockets/index.js';
import { type Body, items, messagesOf, until } from './chat-world.js';

const LEASE_S = 2;
const NOTHING_MORE = { env: {}, close: () => Promise.resolve() };

describe('a node that goes and comes back, on the embedded database in its data directory', () => {
  describeComingBack(() => Promise.resolve(NOTHING_MORE));
});

describeOnPostgresServer('a node that goes and comes back, on a PostgreSQL server', () => {
  describeComingBack(async () => {
    const server = await openTestPostgres();
    const database = await openTestDatabase({ server });
    return {
      env: { DATABASE_URL: database.appUrl, DATABASE_MIGRATION_URL: database.ownerUrl },
      close: async () => {
        await database.close();
        await server.close();
      },
    };
  });
});

/** What stands beside the data directory while nodes come and go. */
interface Ground {
  readonly env: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/** One node after the other in one data directory. */
function describeComingBack(openGround: () => Promise<Ground>): void {
  let ground: Ground = NOTHING_MORE;
  let model: FakeModel;
  let dataDir: string;
  let node: ParleyNode;
  let ada: ParleyClient;
  let session: string;

  const start = () =>
    ParleyNode.start({
      env: {
        ...ground.env,
        PARLEY_DATA_DIR: dataDir,
        OPENAI_BASE_URL: model.url,
        PARLEY_MODEL: 'openai:fake-1',
        PARLEY__RUNS__LEASE_SECONDS: String(LEASE_S),
        PARLEY__LIMITS__ENABLED: 'false',
      },
    });
  beforeAll(async () => {
    ground = await openGround();
    dataDir = await mkdtemp(join(tmpdir(), 'parley-restart-'));
    model = await FakeModel.start();
    node = await start();
    ada = await ParleyClient.register(node.url);
  }, 90_000);
  afterAll(async () => {
    await node.stop();
    await model.stop();
    await ground.close();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }, 30_000);
  beforeEach(async () => {
    model.reset();
    const body = { title: 'Restart', settings: { personality: 'technical_expert' } };
    session = String((await ada.call('/chat/sessions', { method: 'POST', body })).body['session_id']);
  });

  async function restart(): Promise<void> {
    node = await start();
    ada = ada.on(node.url);
  }
  const leave = async (content: string): Promise<string> => {
    const call = { method: 'POST', body: { content }, headers: { Prefer: 'respond-async' } };
    return String(record((await ada.call(messagesOf(session), call)).body['run'])['run_id']);
  };
  const runOf = async (runId: string) => (await ada.call(`/chat/sessions/${session}/runs/${runId}`)).body;
  const ended = (runId: string, withinMs: number) =>
    until(
      async () => {
        const run = await runOf(runId);
        return ['queued', 'running'].includes(String(run['status'])) ? undefined : run;
      },
      `the end of ${runId}`,
      withinMs,
    );
  const messages = async () => items(await ada.call(`${messagesOf(session)}?order=asc`));
  const events = async () => items(await ada.call(`/chat/sessions/${session}/events?limit=200`));
  const expectGapless = async () => {
    const seqs = (await events()).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  };
  const words = Array.from({ length: 400 }, (_, n) => `w${n} `);

  it('killed in mid-answer: what was said is kept, what waited is executed once, nothing is lost', async () => {
    await ada.call(messagesOf(session), { method: 'POST', body: { content: 'before' } });
    const before = await events();
    model.script({ when: { user: /^slow$/ }, reply: { chunks: words, betweenMs: 20 } });
    const shown = await PlainLine.open(node.url, session, { token: ada.token, after: before.length });
    const slow = await leave('slow');
    const queued = await leave('queued');
    await shown.view.until('some text', () => shown.view.deltas.map(({ text }) => text).join('').length > 150);
    await node.kill();
    expect(await shown.view.over()).toBe('1006');
    const text = [...shown.view.built.values()].join('');

    await restart();
    expect((await events()).slice(0, before.length)).toEqual(before);
    expect((await ada.call(`/chat/sessions/${session}`)).body['settings']).toEqual({ personality: 'technical_expert' });
    const run = await ended(slow, (LEASE_S + 2) * 1000);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'RUN_INTERRUPTED', status: 502 } });
    expect(await ended(queued, 5000)).toMatchObject({ status: 'completed', attempt: 1 });
    const [, , , , partial] = await messages();
    expect(partial).toMatchObject({ status: 'partial', finish_reason: 'interrupted', run_id: slow });
    const kept = String(partial?.['content']);
    expect(kept.length).toBeGreaterThan(20);
    expect(text.startsWith(kept)).toBe(true);
    // A checkpoint is written every 250 ms: 20 ms a word, and some for the machine.
    expect(text.length - kept.length).toBeLessThan(150);
    expect(model.requests({ user: /^queued$/ })).toHaveLength(1);
    await expectGapless();

    const resumed = await PlainLine.open(node.url, session, { token: ada.token, after: shown.view.seqs.at(-1) ?? 0 });
    await resumed.view.until('the end of the queued run', () => resumed.view.events.at(-1)?.run_id === queued);
    await resumed.view.type('run.completed');
    expect([...shown.view.seqs, ...resumed.view.seqs]).toEqual(
      (await events()).slice(before.length).map(({ seq }) => seq),
    );
    const next = await ada.call(messagesOf(session), { method: 'POST', body: { content: 'after' } });
    expect(next.status).toBe(201);
    expect(JSON.stringify(model.request({ user: /^after$/ }).body)).toContain('before');
    resumed.close();
  }, 60_000);

  it('killed between two turns: a reader goes on where it was, and who was signed in still is', async () => {
    const path = messagesOf(session);
    await ada.call(path, { method: 'POST', body: { content: 'one' } });
    const log = await events();
    await node.kill();
    await restart();
    expect(await events()).toEqual(log);
    const { body } = await ada.call(path, { method: 'POST', body: { content: 'two' } });
    expect(record(body['message'])['seq']).toBe(log.length + 1);
    expect(JSON.stringify(model.request({ user: /^two$/ }).body)).toContain('one');
    expect((await ada.call(`/chat/sessions/${session}`)).body['settings']).toEqual({ personality: 'technical_expert' });
    await expectGapless();
  }, 60_000);

  it('told to leave: answers that end in time are whole, sockets are told, and it exits with 0', async () => {
    model.always({ chunks: words.slice(0, 20), betweenMs: 50 });
    const plain = await PlainLine.open(node.url, session, { token: ada.token });
    const socket = await SocketIoLine.open(node.url, ada.token);
    await socket.ask('join', { session_id: session });
    const follower = await EventSourceLine.open(ada, `/chat/sessions/${session}/events`);
    const post = await EventSourceLine.open(ada, messagesOf(session), { method: 'POST', body: { content: 'now' } });
    await post.view.until('text', () => post.view.deltas[0]);
    const code = node.stop();
    expect(await plain.view.over()).toBe('4503');
    expect(await plain.problem()).toMatchObject({ code: 'SHUTTING_DOWN', status: 503 });
    await follower.view.over();
    expect(follower.view.errors).toMatchObject([{ code: 'SHUTTING_DOWN' }]);
    await socket.view.over();
    expect(socket.view.errors).toMatchObject([{ code: 'SHUTTING_DOWN' }]);
    await post.view.over();
    expect(post.view.types.at(-1)).toBe('run.completed');
    expect(await code).toBe(0);
    await restart();
    expect((await messages()).map(({ content, status }) => ({ content, status }))).toEqual([
      { content: 'now', status: 'complete' },
      { content: words.slice(0, 20).join(''), status: 'complete' },
    ]);
  }, 60_000);

  it('told to leave: what takes longer ends honestly, and what waits is executed by the next node', async () => {
    model.script({ when: { user: /^slow$/ }, reply: { chunks: words, betweenMs: 100 } });
    const slow = await leave('slow');
    const queued = await leave('queued');
    await until(async () => (model.requests({ user: /^slow$/ })[0]?.sent ?? '').includes('w5') || undefined, 'text');
    expect(await node.stop()).toBe(0);
    await restart();
    const ends: Body[] = [await ended(slow, 1000), await ended(queued, 5000)];
    expect(ends).toMatchObject([
      { status: 'failed', error: { code: 'RUN_INTERRUPTED' }, attempt: 1 },
      { status: 'completed', attempt: 1 },
    ]);
    const [, , partial] = await messages();
    expect(partial).toMatchObject({ status: 'partial', run_id: slow });
    expect(words.join('').startsWith(String(partial?.['content']))).toBe(true);
    expect(model.requests({ user: /^queued$/ })).toHaveLength(1);
    await expectGapless();
  }, 60_000);
}
