import type { Actor } from '@parley/auth';
import { newId } from '@parley/platform/ids';
import { Conversations } from '../sessions.factory.js';

describe('messages', () => {
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
  const history = async (before = 1_000_000, limit = 20) =>
    (await all.history.before(ada, session, before, limit)).map(({ content }) => content);

  describe('as history of a turn', () => {
    it('are in turn order, whatever order they were stored in', async () => {
      const first = await all.send(ada, session, 'q1');
      const second = await all.send(ada, session, 'q2');
      await all.send(ada, session, 'q3');
      await all.end(ada, all.ending(first, [all.answer('a1')]));
      expect(await history(second.seq)).toEqual(['q1', 'a1']);
      await all.begin(ada, session);
      await all.end(ada, all.ending(second, [all.answer('a2, one voice'), all.answer('a2, another')]));
      expect(await history()).toEqual(['q1', 'a1', 'q2', 'a2, one voice', 'a2, another', 'q3']);
    });

    it('hold the newest answer of each turn, in the place of its turn', async () => {
      const { asked } = await all.exchange(ada, session, 'q1', 'old');
      await all.exchange(ada, session, 'q2', 'a2');
      const again = await all.regenerate(ada, asked);
      await all.end(ada, all.ending(again, [all.answer('new')], { supersedes: true }));
      expect(await history()).toEqual(['q1', 'new', 'q2', 'a2']);
    });

    it('hold partial ones, marked as such, and no erased or hidden ones', async () => {
      const { said } = await all.exchange(ada, session, 'q1', 'erased');
      const second = await all.send(ada, session, 'q2');
      await all.end(ada, all.ending(second, [all.answer('half', { status: 'partial' })], { status: 'cancelled' }));
      const third = await all.exchange(ada, session, 'q3', 'hidden');
      await all.messages.erase(ada, session, said.id, all.now());
      await all.db.pool.query('update messages set hidden = true where id = $1', [third.said.id]);
      const rows = await all.history.before(ada, session, 1_000_000, 20);
      expect(rows.map(({ content, status }) => `${content} ${status}`)).toEqual([
        'q1 complete',
        'q2 complete',
        'half partial',
        'q3 complete',
      ]);
    });

    it('are the last so many', async () => {
      for (const n of [1, 2, 3]) await all.exchange(ada, session, `q${n}`, `a${n}`);
      expect(await history(1_000_000, 3)).toEqual(['a2', 'q3', 'a3']);
      expect(await history(1_000_000, 0)).toEqual([]);
    });
  });

  describe('when one is erased', () => {
    it('lose content, attachments, metadata and feedback, keep their place, and are erased in every replay', async () => {
      const { turn } = await all.give(ada, session, {
        content: 'the secret words',
        parts: [{ type: 'text', text: 'the secret words' }],
        attachments: [{ type: 'media', media_id: 'med_secret' }],
        metadata: { note: 'secret' },
      });
      await all.end(ada, all.ending({ ...turn, seq: 1 }, [all.answer('fine')]));
      const judged = { sessionId: session, messageId: turn.messageId, rating: 'up', at: all.now() } as const;
      await all.feedback.put(ada, { id: newId('feedback'), comment: 'so secret', ...judged });
      expect(await all.messages.erase(ada, session, turn.messageId, all.now())).toEqual({
        lastSeq: 7,
        lostTitle: null,
      });
      expect(await all.messages.find(ada, session, turn.messageId)).toMatchObject({ status: 'deleted', seq: 1 });
      const events = await all.events(ada, session);
      expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(events[0]?.data).toMatchObject({ status: 'deleted', content: '', parts: [], attachments: [] });
      expect(events[6]).toMatchObject({ type: 'message.updated', data: { status: 'deleted' } });
      for (const table of ['messages', 'session_events', 'feedback', 'runs']) {
        const { rows } = await all.db.pool.query(`select * from ${table} where session_id = $1`, [session]);
        expect(rows).not.toEqual([]);
        expect(JSON.stringify(rows)).not.toContain('secret');
      }
    });

    it('take with them the titles that were written from their turn, in every replay too', async () => {
      const { asked, said } = await all.exchange(ada, session, 'the secret words', 'fine');
      const from = { questionId: asked.messageId, answerId: said.id };
      const title = { title: 'the secret words', source: 'excerpt', from, call: null, at: all.now() } as const;
      expect(await all.titles.set(ada, session, title)).toBe(7);
      expect(await all.messages.erase(ada, session, asked.messageId, all.now())).toEqual({
        lastSeq: 9,
        lostTitle: 'excerpt',
      });
      const events = await all.events(ada, session, 6);
      expect(events.map(({ type, data }) => [type, 'title' in data ? data.title : undefined])).toEqual([
        ['session.updated', null],
        ['session.updated', null],
        ['message.updated', undefined],
      ]);
      const { rows } = await all.db.pool.query('select title from sessions where id = $1', [session]);
      expect(rows).toEqual([{ title: null }]);
      // A job that had read the exchange before comes too late.
      expect(await all.titles.set(ada, session, { ...title, source: 'model' })).toBeUndefined();
    });

    it('change nothing the second time', async () => {
      const { asked } = await all.exchange(ada, session, 'q', 'a');
      const first = await all.messages.erase(ada, session, asked.messageId, all.now());
      const second = await all.messages.erase(ada, session, asked.messageId, all.now());
      expect(first).toMatchObject({ lastSeq: 7 });
      expect(second).toEqual({ lastSeq: 7, lostTitle: null });
    });

    it('stay while they are being answered', async () => {
      const asked = await all.send(ada, session, 'q');
      expect(await all.messages.erase(ada, session, asked.messageId, all.now())).toBe('busy');
      expect(await history()).toEqual(['q']);
    });

    it('end the run that waits to answer them', async () => {
      const first = await all.send(ada, session, 'q1');
      const second = await all.send(ada, session, 'q2');
      await all.messages.erase(ada, session, second.messageId, all.now());
      expect(await all.run(ada, session, second.runId)).toMatchObject({ status: 'cancelled', last_seq: 7 });
      const events = await all.events(ada, session, 5);
      expect(events.map(({ type, run_id }) => `${type} ${run_id === second.runId ? 'second' : run_id}`)).toEqual([
        'message.updated null',
        'run.cancelled second',
      ]);
      expect(await all.end(ada, all.ending(first, []))).toMatchObject({ queued: 0 });
      expect(await all.begin(ada, session)).toBeUndefined();
    });

    it('are not those of somebody else', async () => {
      const { asked } = await all.exchange(ada, session, 'q', 'a');
      const eve = await all.user();
      expect(await all.messages.erase(eve, session, asked.messageId, all.now())).toBeUndefined();
      expect(await all.messages.find(eve, session, asked.messageId)).toBeUndefined();
      expect(await all.messages.page(eve, session, { after: null, limit: 9, order: 'asc' })).toBeUndefined();
      expect(await all.log.page(eve, session, 0, 9)).toBeUndefined();
      expect(await all.log.lastSeq(eve, session)).toBeUndefined();
      expect(await history()).toEqual(['q', 'a']);
    });
  });

  it('come in pages from either end', async () => {
    for (const n of [1, 2, 3]) await all.exchange(ada, session, `q${n}`, `a${n}`);
    const page = async (after: number | null, order: 'asc' | 'desc') =>
      (await all.messages.page(ada, session, { after, limit: 2, order }))?.map(({ content }) => content);
    expect(await page(null, 'desc')).toEqual(['a3', 'q3']);
    expect(await page(13, 'desc')).toEqual(['a2', 'q2']);
    expect(await page(null, 'asc')).toEqual(['q1', 'a1']);
    expect(await page(5, 'asc')).toEqual(['q2', 'a2']);
  });

  describe('copied into a new session', () => {
    const copy = async (upToSeq: number | null) => {
      const id = newId('session');
      const rest = { useCase: 'basic_chat', title: 'Copy', settings: {}, tags: [], metadata: {}, at: all.now() };
      const made = await all.clones.copyInto(
        ada,
        { sessionId: session, upToSeq, withTitle: false },
        { id, ...rest },
        () => newId('message'),
      );
      return { made, rows: await all.messagesOf(ada, id), events: await all.events(ada, id) };
    };

    it('keep order, families and turns, and have a log that tells of them', async () => {
      const { asked } = await all.exchange(ada, session, 'q1', 'old');
      const again = await all.regenerate(ada, asked);
      await all.end(ada, all.ending(again, [all.answer('new')], { supersedes: true }));
      await all.exchange(ada, session, 'q2', 'a2');
      const { made, rows, events } = await copy(null);
      expect(rows.map(({ seq, content, superseded }) => `${seq} ${content} ${superseded}`)).toEqual([
        '1 q1 false',
        '2 old true',
        '3 new false',
        '4 q2 false',
        '5 a2 false',
      ]);
      expect(rows.map(({ parent_id }) => parent_id)).toEqual([
        null,
        rows[0]?.id,
        rows[0]?.id,
        rows[2]?.id,
        rows[3]?.id,
      ]);
      expect(made).toMatchObject({ message_count: 5, last_seq: 5 });
      expect(events.map(({ seq, type }) => `${seq} ${type}`)).toEqual(rows.map(({ seq }) => `${seq} message.created`));
      const shown = await all.history.before(ada, made.id, 1_000_000, 20);
      expect(shown.map(({ content }) => content)).toEqual(['q1', 'new', 'q2', 'a2']);
      expect((await all.send(ada, made.id, 'q3')).accepted.parentId).toBe(rows[4]?.id);
      expect(await all.messagesOf(ada, session)).toHaveLength(5);
    });

    it('go up to the one that is named, and leave out what was erased', async () => {
      const { said } = await all.exchange(ada, session, 'q1', 'a1');
      await all.exchange(ada, session, 'q2', 'a2');
      await all.messages.erase(ada, session, said.id, all.now());
      expect((await copy(8)).rows.map(({ content }) => content)).toEqual(['q1', 'q2']);
    });

    describe('with a title that the program wrote', () => {
      const titled = async (source: 'excerpt' | 'model') => {
        const { asked, said } = await all.exchange(ada, session, 'secret roses', 'red ones');
        const from = { questionId: asked.messageId, answerId: said.id };
        await all.titles.set(ada, session, { title: 'Secret roses', source, from, call: null, at: all.now() });
      };
      const clone = async (upToSeq: number | null = null) => {
        const id = newId('session');
        const rest = { useCase: 'basic_chat', title: null, settings: {}, tags: [], metadata: {}, at: all.now() };
        const source = { sessionId: session, upToSeq, withTitle: true };
        const made = await all.clones.copyInto(ada, source, { id, ...rest }, () => newId('message'));
        const [first, second] = await all.messagesOf(ada, id);
        return { made, first: first?.id ?? '', second: second?.id ?? '' };
      };

      it.each(['first', 'second'] as const)('lose it with the %s message that it was written from', async (which) => {
        await titled('model');
        const copied = await clone();
        expect(copied.made).toMatchObject({ title: 'Secret roses', title_source: 'model', last_seq: 3 });
        const events = await all.events(ada, copied.made.id);
        expect(events.at(-1)).toMatchObject({ seq: 3, type: 'session.updated', data: { title: 'Secret roses' } });

        await all.messages.erase(ada, copied.made.id, copied[which], all.now());
        expect(await all.sessions.find(ada, copied.made.id)).toMatchObject({ title: null, title_source: 'none' });
        expect(JSON.stringify(await all.events(ada, copied.made.id))).not.toContain('Secret roses');
        expect(await all.sessions.find(ada, session)).toMatchObject({ title: 'Secret roses' });
      });

      it('are not called by what they do not hold', async () => {
        await titled('model');
        expect((await clone(1)).made).toMatchObject({ title: null, title_source: 'none', last_seq: 1 });
      });

      it('are called by the question alone where the title is its excerpt', async () => {
        await titled('excerpt');
        expect((await clone(1)).made).toMatchObject({ title: 'Secret roses', title_source: 'excerpt' });
      });

      it('keep one that a person gave whatever becomes of the turn', async () => {
        await titled('model');
        await all.sessions.change(ada, session, all.now(), () => ({ title: 'Mine', titleSource: 'user' }));
        const copied = await clone();
        await all.messages.erase(ada, copied.made.id, copied.first, all.now());
        expect(await all.sessions.find(ada, copied.made.id)).toMatchObject({ title: 'Mine', title_source: 'user' });
      });
    });

    it('may be none', async () => {
      const { made, rows } = await copy(null);
      expect(rows).toEqual([]);
      expect(made).toMatchObject({ message_count: 0, last_seq: 0 });
    });
  });
});
