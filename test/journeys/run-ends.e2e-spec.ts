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
