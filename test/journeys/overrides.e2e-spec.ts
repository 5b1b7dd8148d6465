import type { ParleyClient } from '../support/nodes/client.js';
import { EventSourceLine, record } from '../support/sockets/index.js';
import { type Body, ChatWorld, codesOf, items, messagesOf, until } from './chat-world.js';

const PATH = '/admin/use-cases/basic_chat';

describe('a use case as an administrator changes it', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let admin: ParleyClient;
  let session: string;
  beforeAll(async () => {
    world = await ChatWorld.open({ PARLEY__LOG__LEVEL: 'info' });
    ada = await world.user();
    admin = await world.ranked('admin');
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    world.model.reset();
    session = await world.session(ada);
  });
  afterEach(async () => {
    await admin.call(PATH, { method: 'DELETE', headers: { 'If-Match': '*' } });
  });

  const put = (body: Body, match = '*') => admin.call(PATH, { method: 'PUT', body, headers: { 'If-Match': match } });
  const configure = async (body: Body): Promise<Body> => {
    const { status, body: stored } = await put(body);
    expect([status, stored]).toEqual([200, expect.any(Object)]);
    return stored;
  };
  const shown = async () => (await ada.call('/chat/use-cases/basic_chat')).body;
  const setting = async (name: string) =>
    record(record(record((await shown())['settings_schema'])['properties'])[name]);
  const asked = () => record(world.asked().at(-1)?.body);
  const temperature = async (content = 'hello') => {
    await world.answer(ada, session, content);
    return asked()['temperature'];
  };

  it('is listed and read with the version that a change is decided on', async () => {
    const list = await admin.call('/admin/use-cases');
    const [basic] = items(list);
    expect(basic).toMatchObject({ name: 'basic_chat', settings: {}, bounds: {}, locked: [], enabled: true });
    expect(list.body['next_cursor']).toBeNull();
    const read = await admin.call(PATH);
    expect(read.body).toEqual(basic);
    expect(read.headers.get('etag')).toBe(`"${String(basic?.['version'])}"`);
    const headers = { 'If-None-Match': String(read.headers.get('etag')) };
    expect((await admin.fetch(PATH, { headers })).status).toBe(304);
    expect((await admin.call('/admin/use-cases/no_such_thing')).body['code']).toBe('NOT_FOUND');
    expect((await put({}, '*')).status).toBe(200);
    for (const method of ['PUT', 'DELETE']) {
      const call = { method, headers: { 'If-Match': '*' }, ...(method === 'PUT' ? { body: {} } : {}) };
      expect((await admin.call('/admin/use-cases/no_such_thing', call)).status).toBe(404);
    }
  });

  it('is changed by who knows its version only', async () => {
    const { version } = await configure({ settings: { temperature: 0.1 } });
    const changes = [{ method: 'PUT', body: { enabled: false } }, { method: 'DELETE' }] as const;
    for (const change of changes) {
      expect((await admin.call(PATH, change)).body).toMatchObject({ status: 428, code: 'PRECONDITION_REQUIRED' });
      const headers = { 'If-Match': `"${Number(version) - 1}"` };
      expect((await admin.call(PATH, { ...change, headers })).body).toMatchObject({
        status: 412,
        code: 'PRECONDITION_FAILED',
      });
    }
    expect((await admin.call(PATH)).body).toMatchObject({ version, settings: { temperature: 0.1 } });
    const both = await Promise.all(
      [0.2, 0.3].map((value) => put({ settings: { temperature: value } }, `"${version}"`)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    const removed = await admin.call(PATH, { method: 'DELETE', headers: { 'If-Match': `"${Number(version) + 1}"` } });
    expect(removed.status).toBe(204);
    expect((await admin.call(PATH)).body).toMatchObject({ settings: {}, version: Number(version) + 2 });
    expect(await temperature()).toBe(0.7);
  });

  it('says who changed it, and leaves a line for the audit without values', async () => {
    const me = (await admin.call('/auth/me')).body['user_id'];
    const stored = await configure({ settings: { custom_instructions: 'words of an administrator' } });
    expect(stored).toMatchObject({ updated_by: me, updated_at: expect.stringMatching(/Z$/) });
    const line = await until(
      async () => world.node.log.split('\n').find((one) => one.includes('custom_instructions')),
      'the line',
    );
    expect(JSON.parse(line)).toMatchObject({
      action: 'use_case.configured',
      resource_id: 'basic_chat',
      outcome: 'success',
      changes: { settings: { to: ['custom_instructions'] }, version: { to: stored['version'] } },
    });
    expect(line).toContain(String(me));
    expect(world.node.log).not.toContain('words of an administrator');
  });

  it('is refused where it widens a bound, names what is unknown or cannot go together; nothing is stored', async () => {
    const { version } = await configure({});
    const refused: [Body, string, string][] = [
      [{ bounds: { temperature: { maximum: 3 } } }, '/bounds/temperature', 'OUT_OF_BOUNDS'],
      [{ bounds: { max_context_messages: { minimum: -1 } } }, '/bounds/max_context_messages', 'OUT_OF_BOUNDS'],
      [{ settings: { max_documnets: 1 } }, '/settings/max_documnets', 'UNKNOWN_KEY'],
      [{ settings: { temperature: 2.1 } }, '/settings/temperature', 'OUT_OF_BOUNDS'],
      [
        { bounds: { temperature: { maximum: 1 } }, settings: { temperature: 1.1 } },
        '/settings/temperature',
        'OUT_OF_BOUNDS',
      ],
      [{ settings: { temperature: 'hot' } }, '/settings/temperature', 'INVALID_TYPE'],
      [{ settings: { response_format: 'json' } }, '/settings/json_schema', 'SETTING_REQUIRED'],
      [{ locked: ['nonsense'] }, '/locked/0', 'UNKNOWN_KEY'],
      [{ enabled: 'no' }, '/enabled', 'INVALID_TYPE'],
      [{ enabeld: false }, '/enabeld', 'UNKNOWN_FIELD'],
    ];
    for (const [body, pointer, code] of refused) {
      const answer = await put(body);
      expect([body, answer.status]).toEqual([body, 400]);
      expect(codesOf(answer.body)).toEqual([{ pointer, code }]);
    }
    expect((await admin.call(PATH)).body).toMatchObject({ version });
  });

  it('counts from the next run: the one that runs keeps what it began with', async () => {
    world.model.script({ when: { user: /slow/ }, reply: { text: 'late', delayMs: 800 } });
    const { runId } = await world.leave(ada, session, 'slow');
    const { runId: queued } = await world.leave(ada, session, 'queued before the change');
    await configure({ settings: { temperature: 0.2, response_style: 'formal' } });
    await world.ended(ada, session, queued);
    const [slow, next] = world.asked().map(({ body }) => record(body)['temperature']);
    expect([slow, next]).toEqual([0.7, 0.2]);
    expect((await world.run(ada, session, runId))['status']).toBe('completed');
    expect(await setting('temperature')).toMatchObject({ default: 0.2 });
    const body = { settings: { temperature: 1 } };
    await ada.call(`/chat/sessions/${session}`, { method: 'PUT', body });
    expect(await temperature()).toBe(1);
  });

  it('narrows bounds: sessions are refused, what is stored moves to the nearest value, and the run says so', async () => {
    session = await world.session(ada, { title: 't', settings: { temperature: 1.8 } });
    await configure({ bounds: { temperature: { maximum: 1 } } });
    expect(await setting('temperature')).toMatchObject({ minimum: 0, maximum: 1 });
    const refused = await ada.call('/chat/sessions', { method: 'POST', body: { settings: { temperature: 1.1 } } });
    expect(codesOf(refused.body)).toEqual([{ pointer: '/settings/temperature', code: 'OUT_OF_BOUNDS' }]);
    expect(await temperature()).toBe(1);
    const started = (await world.events(ada, session)).find(({ type }) => type === 'run.started');
    expect(record(started?.['data'])['settings_adjusted']).toEqual([
      { setting: 'temperature', reason: 'out_of_bounds', used: 1 },
    ]);
  });

  it('fixes a value for sessions and messages', async () => {
    await configure({ settings: { model: 'fast' }, locked: ['model'] });
    const settings = { model: 'default' };
    const made = await ada.call('/chat/sessions', { method: 'POST', body: { settings } });
    expect(codesOf(made.body)).toEqual([{ pointer: '/settings/model', code: 'ADMIN_ONLY' }]);
    const changed = await ada.call(`/chat/sessions/${session}`, { method: 'PUT', body: { settings } });
    expect(codesOf(changed.body)).toEqual([{ pointer: '/settings/model', code: 'ADMIN_ONLY' }]);
    const said = await world.say(ada, session, 'x', { context: settings });
    expect(codesOf(said.body)).toEqual([{ pointer: '/context/model', code: 'ADMIN_ONLY' }]);
    expect(await setting('model')).toMatchObject({ default: 'fast', readOnly: true });
    expect(await world.messages(ada, session)).toEqual([]);
  });

  it('switched off begins nothing new, keeps its history readable, and works again when switched on', async () => {
    const turn = await world.answer(ada, session, 'before');
    const messageId = String(record(turn['message'])['message_id']);
    await configure({ enabled: false });
    const before = await world.query('select count(*) from messages');
    const sessions = await world.query('select count(*) from sessions');
    const requests = world.asked().length;
    const refused = await Promise.all([
      ada.call('/chat/sessions', { method: 'POST', body: {} }),
      world.say(ada, session, 'now'),
      ada.call(`${messagesOf(session)}/${messageId}/regenerate`, { method: 'POST', body: {} }),
      ada.call('/chat/use-cases/basic_chat/test', { method: 'POST', body: { message: 'try' } }),
    ]);
    for (const { status, body } of refused) expect([status, body['code']]).toEqual([409, 'USE_CASE_DISABLED']);
    expect(await world.query('select count(*) from messages')).toEqual(before);
    expect(await world.query('select count(*) from sessions')).toEqual(sessions);
    expect(world.asked()).toHaveLength(requests);

    expect(await world.messages(ada, session)).toHaveLength(2);
    expect(await world.events(ada, session)).toHaveLength(6);
    expect((await ada.call(`/chat/sessions/${session}`)).status).toBe(200);
    expect((await ada.fetch(`/chat/sessions/${session}/export`)).status).toBe(200);
    expect(items(await ada.call('/chat/use-cases'))).toMatchObject([{ name: 'basic_chat', enabled: false }]);
    expect(await shown()).toMatchObject({ enabled: false });

    await configure({ enabled: true });
    expect(items(await ada.call('/chat/use-cases'))).toMatchObject([{ name: 'basic_chat', enabled: true }]);
    expect((await ada.call('/chat/sessions', { method: 'POST', body: {} })).status).toBe(201);
    await world.answer(ada, session, 'after');
    const again = await ada.call(`${messagesOf(session)}/${messageId}/regenerate`, { method: 'POST', body: {} });
    expect(again.status).toBe(201);
    const trial = await ada.call('/chat/use-cases/basic_chat/test', { method: 'POST', body: { message: 'try' } });
    expect(trial.status).toBe(200);
  });

  it('switched off lets the run that is under way end, and does not begin what waits', async () => {
    world.model.script({ when: { user: /slow/ }, reply: { text: 'late', delayMs: 600 } });
    const running = await world.leave(ada, session, 'slow');
    const queued = await world.leave(ada, session, 'queued');
    await configure({ enabled: false });
    expect(await world.ended(ada, session, running.runId)).toMatchObject({ status: 'completed' });
    expect(await world.ended(ada, session, queued.runId)).toMatchObject({
      status: 'failed',
      error: { code: 'USE_CASE_DISABLED' },
    });
    expect(world.asked()).toHaveLength(1);
  });

  it('tells streams and sockets the same', async () => {
    await configure({ enabled: false });
    const call = { method: 'POST', body: { content: 'x' } };
    await expect(EventSourceLine.open(ada, messagesOf(session), call)).rejects.toThrow('USE_CASE_DISABLED');
  });
});
