import { isId } from '@parley/platform/ids';
import type { ParleyClient } from '../support/nodes/client.js';
import { record, SocketIoLine } from '../support/sockets/index.js';
import { type Body, ChatWorld, messagesOf, until } from './chat-world.js';

const ASYNC = { Prefer: 'respond-async' };

describe('a message that comes again', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let admin: ParleyClient;
  let session: string;
  beforeAll(async () => {
    world = await ChatWorld.open({
      PARLEY__LIMITS__ENABLED: 'true',
      PARLEY__LIMITS__RUNS_PER_ORGANISATION: '1',
      PARLEY__RUNS__MAX_QUEUED_PER_SESSION: '1',
    });
    [ada, admin] = [await world.user(), await world.ranked('admin')];
    world.model.script({ when: { user: /wait/ }, reply: { chunks: ['one ', 'two'], betweenMs: 60_000 } });
    world.model.always({ text: 'Well.' });
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    session = await world.session(ada);
  });

  const send = async (content: unknown, more: Body, headers = {}) => {
    const { status, body } = await world.say(ada, session, content, more, { ...ASYNC, ...headers });
    return { status, code: body['code'], runId: record(body['run'] ?? {})['run_id'] };
  };
  /** The organisation is seen to be full within a second. */
  const whileFull = async (check: () => Promise<void>) => {
    const { runId } = await world.leave(ada, session, 'wait', { client_message_id: 'first' });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await send('another', {})).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    await check();
    await world.cancel(ada, session, runId);
    const free = async () => ((await world.say(ada, session, 'free?')).status === 201 ? true : undefined);
    await until(free, 'room in the organisation');
  };

  it('joins the run of the first one where nothing new is taken: it may itself be what fills the bound', async () => {
    await whileFull(async () => {
      const [run] = await world.query('select id from runs where session_id = $1', session);
      expect(await send('wait', { client_message_id: 'first' })).toEqual({
        status: 202,
        code: undefined,
        runId: run?.['id'],
      });
    });
  });

  it('joins it by its key too, also while its use case is switched off', async () => {
    const key = { 'Idempotency-Key': `again-${session}` };
    const first = await send('hello', {}, key);
    expect(isId('run', String(first.runId))).toBe(true);
    await world.ended(ada, session, String(first.runId));
    const path = '/admin/use-cases/basic_chat';
    const off = { method: 'PUT', body: { enabled: false }, headers: { 'If-Match': '*' } };
    expect((await admin.call(path, off)).status).toBe(200);
    try {
      expect(await send('something new', {})).toMatchObject({ status: 409, code: 'USE_CASE_DISABLED' });
      expect(await send('hello', {}, key)).toEqual(first);
    } finally {
      await admin.call(path, { method: 'DELETE', headers: { 'If-Match': '*' } });
    }
    expect(await world.contents(ada, session)).toEqual(['hello', 'Well.']);
  });

  it('and says something else under the same id is refused, and nothing of it is stored', async () => {
    const first = await send('hello', { client_message_id: 'mine', metadata: { n: [1, { b: 2, a: 1 }] } });
    await world.ended(ada, session, String(first.runId));
    const again = { client_message_id: 'mine', metadata: { n: [1, { a: 1, b: 2 }] } };
    expect(await send('hello', again)).toEqual(first);
    expect(await send([{ type: 'text', text: 'hello' }], again)).toMatchObject({ status: 422 });
    for (const [content, more] of [
      ['good bye', again],
      ['hello', { ...again, metadata: {} }],
      ['hello', { ...again, context: { temperature: 0.1 } }],
    ] as const)
      expect(await send(content, more)).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await world.contents(ada, session)).toEqual(['hello', 'Well.']);
  });

  it('over a socket is known by the same id as over HTTP', async () => {
    const first = await send('hello', { client_message_id: 'mine' });
    await world.ended(ada, session, String(first.runId));
    const line = await SocketIoLine.open(world.node.url, ada.token ?? '');
    const say = (content: string) => line.ask('message', { session_id: session, content, client_message_id: 'mine' });
    expect(await say('hello')).toMatchObject({ ok: true, run_id: first.runId });
    expect(await say('good bye')).toMatchObject({ ok: false, error: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    line.close();
  });

  it('still joins its run after its words were erased', async () => {
    const first = await send('hello', { client_message_id: 'mine' });
    await world.ended(ada, session, String(first.runId));
    const [message] = await world.messages(ada, session);
    await ada.call(`${messagesOf(session)}/${String(message?.['message_id'])}`, { method: 'DELETE' });
    expect(await send('hello', { client_message_id: 'mine' })).toEqual(first);
    expect(await world.contents(ada, session)).toEqual(['', 'Well.']);
  });
});
