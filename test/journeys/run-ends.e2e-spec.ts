import { auditViews, readBooks } from '../support/ledger/index.js';
import type { ParleyClient } from '../support/nodes/client.js';
import { record } from '../support/sockets/index.js';
import { ChatWorld, until } from './chat-world.js';

describe('a run that was begun and cannot be executed', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  beforeAll(async () => {
    world = await ChatWorld.open();
    ada = await world.user();
  }, 60_000);
  afterAll(() => world.close());

  it('fails with its component, and the log is whole', async () => {
    world.model.script({ when: { user: /^slow$/ }, reply: { text: 'at last', delayMs: 400 } });
    const session = await world.session(ada);
    await world.leave(ada, session, 'slow');
    const { runId } = await world.leave(ada, session, 'waits');
    const setStatus = (status: string) =>
      world.query(
        'update principals set status = $1 where id = (select owner_id from sessions where id = $2)',
        status,
        session,
      );
    await setStatus('disabled');
    await until(
      async () => (await world.query("select from runs where id = $1 and status = 'failed'", runId))[0],
      'the refusal',
    );
    await setStatus('active');

    const books = await readBooks(ada, session);
    expect(auditViews([], books)).toEqual([]);
    const told = books.events.filter((event) => event.run_id === runId).map(({ type }) => type);
    expect(told).toEqual([
      'message.created',
      'run.queued',
      'run.started',
      'component.started',
      'component.completed',
      'run.failed',
    ]);
    expect(await world.run(ada, session, runId)).toMatchObject({
      error: { code: 'PERMISSION_DENIED' },
      component_results: { text_chat: { success: false, status: 'failed', error: { code: 'PERMISSION_DENIED' } } },
    });
    const completed = books.events.find(({ type, run_id: id }) => type === 'component.completed' && id === runId);
    expect(record(completed?.data)).toMatchObject({
      component: 'text_chat',
      success: false,
      duration_ms: expect.any(Number),
    });
  });
});

describe('the error of a run that is waited for', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  beforeAll(async () => {
    world = await ChatWorld.open();
    ada = await world.user();
  }, 60_000);
  afterAll(() => world.close());

  it('says when to try again, in its header too, as the run itself does', async () => {
    world.model.script({ when: { user: /^busy$/ }, reply: { status: 429, retryAfter: 600 } });
    const session = await world.session(ada);
    const { status, headers, body } = await world.say(ada, session, 'busy');
    const run = await world.run(ada, session, String(body['run_id']));
    expect(run['error']).toMatchObject({ code: 'MODEL_UNAVAILABLE', retry_after: 600 });
    expect([status, headers.get('retry-after')]).toEqual([502, '600']);
    expect(body).toMatchObject({ ...record(run['error']), run_id: run['run_id'], message_id: run['message_id'] });
  });

  it('names the members that it is about, and whatever else the run stores with it', async () => {
    world.model.script({ when: { user: /^wrong$/ }, reply: { status: 400 } });
    const session = await world.session(ada);
    const once = { client_message_id: 'the-one' };
    const first = await world.say(ada, session, 'wrong', once);
    expect(first.body).toMatchObject({ run_id: expect.any(String), code: expect.any(String) });
    const error = {
      ...{
        type: '/problems/INPUT_TOO_LONG',
        code: 'INPUT_TOO_LONG',
        status: 422,
        title: 'Too long.',
        detail: 'It is.',
      },
      errors: [{ pointer: '/content', code: 'INPUT_TOO_LONG', detail: 'at most 10 characters' }],
      limit: 10,
    };
    await world.query('update runs set error = $2 where id = $1', String(first.body['run_id']), JSON.stringify(error));
    const again = await world.say(ada, session, 'wrong', once);
    expect([again.status, again.headers.get('retry-after')]).toEqual([422, null]);
    expect(again.body).toMatchObject({ ...error, run_id: first.body['run_id'] });
  });
});
