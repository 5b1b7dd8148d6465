import type { Actor } from '@parley/auth';
import { violatedConstraint } from '@parley/platform/database';
import { Conversations } from '../sessions.factory.js';

describe('the first transaction of a turn', () => {
  let all: Conversations;
  let ada: Actor;
  let session: string;
  beforeAll(async () => {
    all = await Conversations.open();
    ada = await all.user();
  });
  afterAll(() => all.close());
  beforeEach(async () => {
    session = await all.session(ada);
  });

  it('stores message, run and events together, and begins the run where the session is idle', async () => {
    const { runId, messageId, accepted } = await all.send(ada, session, 'Hello?');
    expect(accepted).toEqual({ begun: true, lastSeq: 3, parentId: null, history: [] });
    expect(await all.messagesOf(ada, session)).toMatchObject([{ id: messageId, seq: 1, content: 'Hello?' }]);
    expect(await all.run(ada, session, runId)).toMatchObject({ status: 'running', attempt: 1, last_seq: 3 });
    const events = await all.events(ada, session);
    expect(events.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      '1 message.created',
      '2 run.started',
      '3 component.started',
    ]);
    expect(events[1]?.data).toMatchObject({ status: 'running', attempt: 1, last_seq: 2, settings_adjusted: [] });
    expect(await all.sessions.find(ada, session)).toMatchObject({ message_count: 1, last_seq: 3 });
  });

  it('queues in order what comes meanwhile, and tells it so', async () => {
    await all.send(ada, session, 'first');
    const second = await all.send(ada, session, 'second');
    const third = await all.send(ada, session, 'third');
    expect(second.accepted).toMatchObject({ begun: false, lastSeq: 5 });
    expect(await all.run(ada, session, third.runId)).toMatchObject({ status: 'queued', attempt: 0, started_at: null });
    const events = await all.events(ada, session, 3);
    expect(events.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      '4 message.created',
      '5 run.queued',
      '6 message.created',
      '7 run.queued',
    ]);
    expect(events[1]?.data).toMatchObject({ status: 'queued', attempt: 0, last_seq: 5 });
  });

  it('queues for others where the node is full or leaving', async () => {
    const { accepted } = await all.give(ada, session, {}, { nodeHasRoom: false });
    expect(accepted?.begun).toBe(false);
    expect(
      (await all.runs.idleSessionsWithWork(ada, { limit: 100, perPrincipal: null, perOrganisation: null })).map(
        ({ sessionId }) => sessionId,
      ),
    ).toContain(session);
  });

  it('keeps seq gapless, one run running and the rest queued in order under 50 parallel sends', async () => {
    const given = await Promise.all(
      Array.from({ length: 50 }, (_, n) => all.give(ada, session, { content: `n${n}` }, { maxQueued: 100 })),
    );
    expect(given.filter(({ accepted }) => accepted?.begun === true)).toHaveLength(1);
    const events = await all.events(ada, session);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 101 }, (_, n) => n + 1));
    const messages = await all.messagesOf(ada, session);
    expect(messages).toHaveLength(50);
    expect(new Set(messages.map(({ seq }) => seq)).size).toBe(50);
    const { rows } = await all.db.pool.query(
      'select runs.status, queued_runs as queued from runs join sessions on sessions.id = session_id where session_id = $1',
      [session],
    );
    expect(rows.filter(({ status }) => status === 'running')).toHaveLength(1);
    expect(rows[0]).toMatchObject({ queued: 49 });
    const parents = messages.map(({ parent_id }) => parent_id);
    expect(parents).toEqual([null, ...messages.slice(0, -1).map(({ id }) => id)]);
  });

  it('executes what waits in the order in which it was stored', async () => {
    const first = await all.send(ada, session, 'first');
    const waiting = [await all.send(ada, session, 'second'), await all.send(ada, session, 'third')];
    await all.end(ada, all.ending(first, [all.answer('one')]));
    for (const next of waiting) {
      const begun = await all.begin(ada, session);
      expect(begun?.run).toMatchObject({ runId: next.runId, attempt: 1, content: next.content });
      await all.end(ada, all.ending(next, [all.answer('more')]));
    }
    expect(await all.begin(ada, session)).toBeUndefined();
  });

  it('takes at most as many as may wait, and says so afterwards', async () => {
    await all.send(ada, session, 'running');
    for (let n = 0; n < 3; n += 1) await all.give(ada, session, {}, { maxQueued: 3 });
    const before = await all.events(ada, session);
    expect((await all.give(ada, session, {}, { maxQueued: 3 })).accepted).toBeNull();
    expect(await all.accept.whyRefused(ada, session, 'msg_new')).toMatchObject({ active: true, queued: 3 });
    expect(await all.events(ada, session)).toEqual(before);
    expect(await all.count('messages', session)).toBe(4);
  });

  it('stores nothing where the session is busy and rejects', async () => {
    expect((await all.give(ada, session, {}, { onBusy: 'reject' })).accepted?.begun).toBe(true);
    expect((await all.give(ada, session, {}, { onBusy: 'reject' })).accepted).toBeNull();
    expect(await all.count('messages', session)).toBe(1);
  });

  it('begins no more runs of one principal than may run', async () => {
    const eve = await all.user();
    const [one, two] = [await all.session(eve), await all.session(eve)];
    expect((await all.give(eve, one, {}, { maxRunning: 1 })).accepted?.begun).toBe(true);
    expect((await all.give(eve, two, {}, { maxRunning: 1 })).accepted).toBeNull();
    expect(await all.accept.whyRefused(eve, two, 'msg_new')).toMatchObject({ active: false, queued: 0, running: 1 });
    const bob = await all.user();
    expect((await all.give(bob, await all.session(bob), {}, { maxRunning: 1 })).accepted?.begun).toBe(true);
  });

  it('knows no session of somebody else, and no deleted one', async () => {
    const eve = await all.user();
    expect((await all.give(eve, session)).accepted).toBeNull();
    expect(await all.accept.whyRefused(eve, session, 'msg_new')).toBeNull();
    await all.sessions.remove(ada, session, all.now());
    expect((await all.give(ada, session)).accepted).toBeNull();
    expect(await all.count('messages', session)).toBe(0);
  });

  it('stores one message for a client id, however many send it at once', async () => {
    const sent = await Promise.allSettled(
      Array.from({ length: 10 }, () => all.give(ada, session, { clientMessageId: 'mine' })),
    );
    const refused = sent.flatMap((one) => (one.status === 'rejected' ? [violatedConstraint(one.reason)] : []));
    expect(refused).toEqual(Array.from({ length: 9 }, () => 'messages_client_id'));
    expect(await all.count('messages', session)).toBe(1);
    expect((await all.events(ada, session)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const [message] = await all.messagesOf(ada, session);
    expect(await all.repetitions.byClientId(ada, session, 'mine')).toMatchObject({
      ...{ runId: message?.run_id, erased: false },
      words: { content: message?.content, context: {} },
    });
    expect((await all.give(ada, await all.session(ada), { clientMessageId: 'mine' })).accepted?.begun).toBe(true);
  });

  it('stores one message for an idempotency key, and forgets the key when its day is over', async () => {
    const expiresAt = new Date('2026-11-22T12:00:00.000Z');
    const idempotency = { key: `key-${session}`, fingerprint: Buffer.from('same'), expiresAt };
    const sent = await Promise.allSettled([
      all.give(ada, session, { idempotency }),
      all.give(ada, session, { idempotency }),
    ]);
    const refused = sent.flatMap((one) => (one.status === 'rejected' ? [violatedConstraint(one.reason)] : []));
    expect(refused).toEqual(['idempotency_keys_pkey']);
    expect(await all.count('messages', session)).toBe(1);
    const [message] = await all.messagesOf(ada, session);
    const known = await all.repetitions.byKey(ada, idempotency.key);
    expect(known).toMatchObject({ fingerprint: Buffer.from('same'), runId: message?.run_id, expiresAt });
    expect(await all.repetitions.byKey(await all.user(), idempotency.key)).toBeUndefined();
    expect(await all.repetitions.forgetKey(ada, idempotency.key, new Date(expiresAt.getTime() - 1))).toBe(false);
    expect(await all.repetitions.byKey(ada, idempotency.key)).toBeDefined();
    expect(await all.repetitions.forgetKey(ada, idempotency.key, expiresAt)).toBe(true);
    expect(await all.repetitions.byKey(ada, idempotency.key)).toBeUndefined();
  });

  it('begins a regeneration without a new message, in the turn of the old one', async () => {
    const { asked } = await all.exchange(ada, session, 'why?', 'because');
    const again = await all.regenerate(ada, asked);
    expect(again.accepted).toMatchObject({ begun: true, parentId: null });
    expect(await all.count('messages', session)).toBe(2);
    expect((await all.events(ada, session, 6)).map(({ type }) => type)).toEqual(['run.started', 'component.started']);
    expect(await all.runs.firstSeq(ada, session, again.runId)).toBe(7);
  });

  it('answers no message anew that was erased while it waited for the session', async () => {
    const { asked } = await all.exchange(ada, session, 'why?', 'because');
    const eraser = await all.db.pool.connect();
    await eraser.query('begin');
    await eraser.query(`select set_config('parley.org', $1, true)`, [ada.orgId]);
    await eraser.query('select from sessions where id = $1 for update', [session]);
    await eraser.query(`update messages set status = 'deleted', content = '' where id = $1`, [asked.messageId]);
    const again = all.regenerateOrNot(ada, asked);
    await waitingForALock(all);
    await eraser.query('commit');
    eraser.release();
    expect(await again).toBeNull();
    expect(await all.accept.whyRefused(ada, session, asked.messageId)).toMatchObject({ active: false, erased: true });
    expect(await all.count('runs', session)).toBe(1);
  });
});

async function waitingForALock(all: Conversations): Promise<void> {
  const look = 'select from pg_stat_activity where datname = current_database() and wait_event_type = $1';
  while ((await all.db.pool.query(look, ['Lock'])).rowCount === 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
}
