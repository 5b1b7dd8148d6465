import type { Actor } from '@parley/auth';
import { Conversations, NODE } from '../sessions.factory.js';
import { LeaseLost } from './finish.repository.js';

describe('the last transaction of a run', () => {
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
  const pieceOf = (run: { sessionId: string; runId: string }, offset: number, text: string) => ({
    ...{ orgId: ada.orgId, sessionId: run.sessionId, runId: run.runId },
    ...{ messageId: 'msg_draft', authorId: 'helper', authorName: 'Helper', offset, text },
  });

  it('stores answers, events, usage and the end of the lease, and rows that components add', async () => {
    const asked = await all.send(ada, session, 'Hello?');
    await all.drafts.save(ada, [pieceOf(asked, 0, 'Hel')]);
    const said = [all.answer('first'), all.answer('conclusion')];
    const call = { provider: 'openai', model: 'fake-1', inputTokens: 3, outputTokens: 2, estimated: false };
    const added = jest.fn(async () => undefined);
    const ended = await all.end(
      ada,
      all.ending(asked, said, {
        calls: [{ purpose: 'answer', costUsd: 0.25, ...call }],
        hasDrafts: true,
        writes: [added],
      }),
    );
    expect(ended).toEqual({ lastSeq: 7, queued: 0 });
    expect(added).toHaveBeenCalledTimes(1);
    const rows = await all.messagesOf(ada, session);
    expect(rows.slice(1)).toMatchObject([
      { id: said[0]?.id, seq: 5, parent_id: asked.messageId, content: 'first', role: 'assistant' },
      { id: said[1]?.id, seq: 6, parent_id: asked.messageId, content: 'conclusion', author_id: 'helpful_assistant' },
    ]);
    expect(await all.run(ada, session, asked.runId)).toMatchObject({ status: 'completed', last_seq: 7 });
    expect(await all.count('message_drafts', session)).toBe(0);
    const { rows: usage } = await all.db.pool.query('select * from usage where session_id = $1', [session]);
    expect(usage).toMatchObject([{ principal_id: ada.principalId, run_id: asked.runId, cost_usd: '0.25000000' }]);
    expect(await all.messages.lastOfRun(ada, session, asked.runId)).toMatchObject({ content: 'conclusion' });
    const next = await all.send(ada, session, 'next');
    expect(next.accepted).toMatchObject({ begun: true, parentId: said[1]?.id });
  });

  it('renders the same events from the log as were stored', async () => {
    const { asked, said } = await all.exchange(ada, session, 'Hello?', 'Hi');
    const events = await all.events(ada, session, 3);
    expect(events.map(({ type }) => type)).toEqual(['component.completed', 'message.created', 'run.completed']);
    expect(events[1]?.data).toMatchObject({ message_id: said.id, content: 'Hi', seq: 5 });
    expect(events[2]?.data).toMatchObject({ run_id: asked.runId, status: 'completed', usage: { output_tokens: 2 } });
  });

  it.each([
    ['another node', { nodeId: 'node_b' }],
    ['an earlier attempt', { attempt: 0 }],
    ['a sweeper while the lease lives', { lapsed: true }],
  ])('is refused to %s, whole', async (_who, fence) => {
    const asked = await all.send(ada, session, 'Hello?');
    const written = jest.fn(async () => undefined);
    const end = all.ending(asked, [all.answer('stolen')], { writes: [written] });
    await expect(all.end(ada, end, fence)).rejects.toThrow(LeaseLost);
    expect(written).not.toHaveBeenCalled();
    expect(await all.count('messages', session)).toBe(1);
    expect((await all.sessions.find(ada, session))?.last_seq).toBe(3);
    expect(await all.run(ada, session, asked.runId)).toMatchObject({ status: 'running' });
  });

  it('happens once: whoever comes second has lost the lease', async () => {
    const asked = await all.send(ada, session, 'Hello?');
    const ends = await Promise.allSettled([
      all.end(ada, all.ending(asked, [all.answer('one')])),
      all.end(ada, all.ending(asked, [all.answer('two')])),
    ]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await all.count('messages', session)).toBe(2);
    expect((await all.events(ada, session)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('takes everything back when a row that a component adds cannot be stored', async () => {
    const asked = await all.send(ada, session, 'Hello?');
    const fails = () => Promise.reject(new Error('no such memory'));
    await expect(all.end(ada, all.ending(asked, [all.answer('x')], { writes: [fails] }))).rejects.toThrow('no such');
    expect(await all.count('messages', session)).toBe(1);
    await all.end(ada, all.ending(asked, [all.answer('y')]));
    expect(await all.count('messages', session)).toBe(2);
  });

  it('is the sweeper’s once the lease is over: partial text is kept, and the late node changes nothing', async () => {
    const asked = await all.send(ada, session, 'Hello?');
    await all.drafts.save(ada, [pieceOf(asked, 0, 'Half '), pieceOf(asked, 5, 'an answer')]);
    expect((await all.leases.lapsed(ada, 100)).map(({ runId }) => runId)).not.toContain(asked.runId);
    await all.lapse(asked.runId);
    const lapsed = (await all.leases.lapsed(ada, 100)).find(({ runId }) => runId === asked.runId);
    expect(lapsed).toMatchObject({ leaseOwner: NODE, attempt: 1, messageSeq: 1, regenerates: false });
    const [draft] = await all.drafts.of(ada, session);
    expect(draft).toMatchObject({ messageId: 'msg_draft', text: 'Half an answer' });
    const kept = all.answer(draft?.text ?? '', { id: draft?.messageId ?? '', status: 'partial' });
    await all.end(ada, all.ending(asked, [kept], { status: 'failed', hasDrafts: true }), { lapsed: true });
    await expect(all.end(ada, all.ending(asked, [all.answer('late')]))).rejects.toThrow(LeaseLost);
    await all.drafts.save(ada, [pieceOf(asked, 14, ', late')]);
    expect(await all.count('message_drafts', session)).toBe(0);
    expect((await all.messagesOf(ada, session)).map(({ content, status }) => `${content} ${status}`)).toEqual([
      'Hello? complete',
      'Half an answer partial',
    ]);
  });

  it('keeps leases alive that are held, tells which are not, and carries cancellations', async () => {
    const [one, two] = [await all.send(ada, session, 'a'), await all.send(ada, await all.session(ada), 'b')];
    await all.lapse(one.runId);
    await all.runs.requestCancel(ada, two.sessionId, two.runId);
    const renewed = await all.leases.renew(ada, NODE, [one.runId, two.runId, 'run_none'], 10);
    expect(renewed.sort((a, b) => a.runId.localeCompare(b.runId))).toEqual(
      [
        { runId: one.runId, cancelRequested: false },
        { runId: two.runId, cancelRequested: true },
      ].sort((a, b) => a.runId.localeCompare(b.runId)),
    );
    expect((await all.leases.lapsed(ada, 100)).map(({ runId }) => runId)).not.toContain(one.runId);
    expect(await all.leases.renew(ada, 'node_b', [one.runId], 10)).toEqual([]);
  });

  it('lets older answers give way to a completed regeneration, and says so in the log', async () => {
    const { asked, said } = await all.exchange(ada, session, 'why?', 'because');
    const again = await all.regenerate(ada, asked);
    const newer = all.answer('therefore');
    await all.end(ada, all.ending(again, [newer], { supersedes: true }));
    const [, first, second] = await all.messagesOf(ada, session);
    expect(first).toMatchObject({ id: said.id, superseded: true });
    expect(second).toMatchObject({ id: newer.id, superseded: false, parent_id: asked.messageId });
    const events = await all.events(ada, session, 8);
    expect(events.map(({ type }) => type)).toEqual([
      'message.updated',
      'component.completed',
      'message.created',
      'run.completed',
    ]);
    expect(events[0]?.data).toMatchObject({ message_id: said.id, superseded: true });
  });

  it('leaves the older answer in its place when a regeneration breaks', async () => {
    const { asked, said } = await all.exchange(ada, session, 'why?', 'because');
    const again = await all.regenerate(ada, asked);
    const broken = all.answer('the', { status: 'partial', superseded: true });
    await all.end(ada, all.ending(again, [broken], { status: 'failed' }));
    const history = await all.history.before(ada, session, 1000, 20);
    expect(history.map(({ content }) => content)).toEqual(['why?', 'because']);
    expect((await all.send(ada, session, 'next')).accepted.parentId).toBe(said.id);
  });

  it('tells how many wait, so that the next is begun', async () => {
    const asked = await all.send(ada, session, 'a');
    await all.send(ada, session, 'b');
    expect(await all.end(ada, all.ending(asked, [all.answer('x')]))).toMatchObject({ queued: 1 });
  });

  it('appends what components tell while the run is the active one, and not after', async () => {
    const asked = await all.send(ada, session, 'a');
    const event = { type: 'component.started', runId: asked.runId, messageId: null, data: { component: 'x' } } as const;
    expect(await all.appends.append(ada, session, asked.runId, [event, event], all.now())).toBe(5);
    await all.end(ada, all.ending(asked, [all.answer('x')]));
    expect(await all.appends.append(ada, session, asked.runId, [event], all.now())).toBeUndefined();
    expect((await all.events(ada, session)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
