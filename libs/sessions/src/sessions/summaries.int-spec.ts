import type { Actor } from '@parley/auth';
import { Conversations } from '../sessions.factory.js';
import type { SummaryMaterial } from './summaries.repository.js';

const CALL = {
  purpose: 'summary',
  provider: 'openai',
  model: 'small',
  inputTokens: 3,
  outputTokens: 2,
  costUsd: null,
  estimated: false,
};

const LATE = 1_000_000;

describe('a summary of what has left the window', () => {
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

  const talk = async (from: number, to: number) => {
    const exchanges = [];
    for (let n = from; n <= to; n += 1) exchanges.push(await all.exchange(ada, session, `q${n}`, `a${n}`));
    return exchanges;
  };
  const material = async (window: number, limit = 100): Promise<SummaryMaterial> => {
    const found = await all.summaries.material(ada, session, window, limit);
    if (found === undefined) throw new Error('nothing has left the window');
    return found;
  };
  const texts = ({ messages }: SummaryMaterial) => messages.map(({ content }) => content);
  const set = (from: SummaryMaterial, content: string, window = 2) =>
    all.summaries.set(ada, session, { content, from, window, call: CALL, at: all.now() });
  const shown = (turn = LATE) => all.history.summaryBefore(ada, session, turn);

  it('is due once as many messages as the threshold have left it', async () => {
    const [, second] = await talk(1, 3);
    expect(await all.summaries.due(ada, session, second?.asked.seq ?? 0, { window: 2, threshold: 3 })).toBe(false);
    expect(await all.summaries.due(ada, session, second?.asked.seq ?? 0, { window: 2, threshold: 2 })).toBe(true);
    expect(await all.summaries.due(ada, session, LATE, { window: 2, threshold: 4 })).toBe(true);
    expect(await all.summaries.due(ada, session, LATE, { window: 2, threshold: 5 })).toBe(false);
    expect(await all.summaries.due(ada, session, LATE, { window: 3, threshold: 4 })).toBe(false);
    expect(await all.summaries.due(ada, session, LATE, { window: 0, threshold: 6 })).toBe(true);
    await set(await material(2), 'two exchanges');
    expect(await all.summaries.due(ada, session, LATE, { window: 2, threshold: 1 })).toBe(false);
    await talk(4, 4);
    expect(await all.summaries.due(ada, session, LATE, { window: 2, threshold: 2 })).toBe(true);
  });

  it('takes in what is next in turn order, and what it said so far', async () => {
    await talk(1, 4);
    const first = await material(2, 4);
    expect(first).toMatchObject({ previous: null, stored: null });
    expect(texts(first)).toEqual(['q1', 'a1', 'q2', 'a2']);
    expect(await set(first, 'first')).toBe(true);
    const second = await material(2, 4);
    expect(second.previous).toMatchObject({ content: 'first', sourceIds: first.messages.map(({ id }) => id) });
    expect(texts(second)).toEqual(['q3', 'a3']);
    expect(await set(second, 'second')).toBe(true);
    expect(await all.summaries.material(ada, session, 2, 4)).toBeUndefined();
    const { rows } = await all.db.pool.query('select * from session_summaries where session_id = $1', [session]);
    expect(rows).toMatchObject([{ content: 'second', context_window: 2, tainted: false }]);
    expect(rows[0]?.source_message_ids).toEqual([...first.messages, ...second.messages].map(({ id }) => id));
  });

  it('is written by one at a time, until that one is done or too late', async () => {
    await talk(1, 2);
    const at = (seconds: number) => new Date(Date.parse('2026-11-21T12:00:00Z') + seconds * 1000);
    const claim = (now: number) => all.summaries.claim(ada, session, 2, at(now), at(now + 300));
    expect([await claim(0), await claim(1), await claim(299)]).toEqual([true, false, false]);
    expect(await shown()).toBeUndefined();
    expect(await claim(301)).toBe(true);
    const from = await material(2);
    expect(from).toMatchObject({ previous: null, stored: { turn: 0, seq: 0 } });
    expect(await set(from, 'by the claimant')).toBe(true);
    expect(await claim(302)).toBe(false);
    await all.summaries.letGo(ada, session);
    expect(await claim(303)).toBe(true);
    expect(await shown()).toMatchObject({ content: 'by the claimant' });
  });

  it('is shown to turns after what it holds, and to none before', async () => {
    const [, second, third] = await talk(1, 3);
    await set(await material(2), 'two exchanges');
    expect(await shown()).toEqual({ content: 'two exchanges', tainted: false });
    expect(await shown(third?.asked.seq)).toEqual({ content: 'two exchanges', tainted: false });
    expect(await shown(second?.asked.seq)).toBeUndefined();
  });

  it('is tainted by one tainted message', async () => {
    const [first] = await talk(1, 3);
    await all.db.pool.query(`update messages set metadata = '{"tainted_by": ["document"]}' where id = $1`, [
      first?.said.id,
    ]);
    await set(await material(2), 'of a document');
    expect(await shown()).toMatchObject({ tainted: true });
  });

  it('goes with an erased source, which says for which window it was; others leave it', async () => {
    const [first, , third] = await talk(1, 3);
    await set(await material(2), 'with the secret words');
    expect(await all.messages.erase(ada, session, third?.said.id ?? '', all.now())).not.toHaveProperty('unsummarised');
    expect(await shown()).toBeDefined();
    expect(await all.messages.erase(ada, session, first?.said.id ?? '', all.now())).toMatchObject({ unsummarised: 2 });
    expect(await shown()).toBeUndefined();
    const anew = await material(2);
    expect(anew).toMatchObject({ previous: null, stored: null });
    expect(texts(anew)).toEqual(['q1', 'q2']);
  });

  it('is not set from what was erased, or by who read an older one; the call is booked all the same', async () => {
    const [first] = await talk(1, 3);
    const stale = await material(2);
    await all.messages.erase(ada, session, first?.said.id ?? '', all.now());
    expect(await set(stale, 'with the secret words')).toBe(false);
    const twice = await material(2);
    expect(await set(twice, 'one')).toBe(true);
    expect(await set(twice, 'other')).toBe(false);
    expect(await shown()).toMatchObject({ content: 'one' });
    const { rows } = await all.db.pool.query(`select purpose, principal_id, run_id from usage where session_id = $1`, [
      session,
    ]);
    expect(rows).toEqual(Array(3).fill({ purpose: 'summary', principal_id: ada.principalId, run_id: null }));
  });

  it('is written anew where one of its sources has given way to a newer answer', async () => {
    const [first] = await talk(1, 3);
    await set(await material(2), 'with the old answer');
    if (first === undefined) throw new Error('nothing was said');
    const again = await all.regenerate(ada, first.asked);
    await all.end(ada, all.ending(again, [all.answer('new a1')], { supersedes: true }));
    const anew = await material(2);
    expect(anew.previous).toBeNull();
    expect(texts(anew)).toEqual(['q1', 'new a1', 'q2', 'a2']);
    expect(await set(anew, 'with the new answer')).toBe(true);
    expect(await shown()).toMatchObject({ content: 'with the new answer' });
  });

  it('is not written for a session that is deleted', async () => {
    await talk(1, 3);
    const read = await material(2);
    await all.sessions.remove(ada, session, all.now());
    expect(await all.summaries.material(ada, session, 2, 10)).toBeUndefined();
    expect(await set(read, 'late')).toBe(false);
  });
});
