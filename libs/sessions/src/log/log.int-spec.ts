import type { Actor } from '@parley/auth';
import { newId } from '@parley/platform/ids';
import { Conversations } from '../sessions.factory.js';

const BYTES = 262_144;
/** 30,000 bytes, and as many once more in the parts. */
const LONG = '€'.repeat(10_000);

describe('a stretch of the log', () => {
  let all: Conversations;
  let ada: Actor;
  let session: string;
  beforeAll(async () => {
    all = await Conversations.open();
    ada = await all.user();
  });
  beforeEach(async () => {
    session = await all.session(ada);
  });
  afterAll(() => all.close());

  const stretch = (after: number, maxBytes = BYTES, limit = 200) =>
    all.log.stretch(ada, session, after, { limit, maxBytes });
  /** Every stretch, from the beginning to the end. */
  async function stretches(maxBytes: number) {
    const found = [];
    for (let after = 0; ; ) {
      const { events, lastSeq } = (await stretch(after, maxBytes)) ?? { events: [], lastSeq: 0 };
      found.push(events);
      after = events.at(-1)?.seq ?? lastSeq;
      if (after === lastSeq) return found;
    }
  }
  const bytesOf = (events: readonly unknown[]) => Buffer.byteLength(JSON.stringify(events));

  it('is the page where everything is short', async () => {
    for (let n = 0; n < 5; n += 1) await all.exchange(ada, session, `question ${n}`, `answer ${n}`);
    expect(await stretch(0)).toEqual(await all.log.page(ada, session, 0, 200));
    expect(await stretch(7, BYTES, 10)).toEqual(await all.log.page(ada, session, 7, 10));
    expect(await stretch(30)).toEqual({ events: [], lastSeq: 30 });
  });

  it('ends where the bytes do, and the next goes on there', async () => {
    for (let n = 0; n < 12; n += 1) await all.exchange(ada, session, LONG, LONG);
    const found = await stretches(BYTES);
    expect(found.flat()).toEqual(await all.events(ada, session));
    for (const events of found) expect(bytesOf(events)).toBeLessThan(BYTES + 70_000);
    expect(found.length).toBeLessThan(9);
  });

  it('is one event where each is larger', async () => {
    await all.exchange(ada, session, LONG, LONG);
    const found = await stretches(100);
    expect(found.flat()).toEqual(await all.events(ada, session));
    expect(found.slice(1, 2).map((events) => events[0]?.type)).toEqual(['run.started']);
    expect(found.find((events) => bytesOf(events) > 60_000)).toHaveLength(1);
  });

  it('counts what messages and runs bring along', async () => {
    const { seq: _, ...asked } = await all.send(ada, session, 'question');
    const [heavy] = [{ notes: 'n'.repeat(50_000) }];
    const answer = all.answer('answer', { metadata: heavy });
    const end = all.ending({ ...asked, seq: 1 }, [answer], { componentResults: { text_chat: heavy } });
    await all.end(ada, end);
    await all.exchange(ada, session, 'another', 'one');
    const found = await stretches(40_000);
    expect(found.flat()).toEqual(await all.events(ada, session));
    expect(found.map((events) => events.at(-1)?.type)).toEqual(['message.created', 'run.completed', 'run.completed']);
  });

  it('counts parts of its own instead of the text twice', async () => {
    const parts = [{ type: 'text', text: LONG }];
    for (let n = 0; n < 3; n += 1) await all.give(ada, session, { content: LONG, parts, messageId: newId('message') });
    const [first = []] = await stretches(40_000);
    expect(first.filter(({ type }) => type === 'message.created')).toHaveLength(1);
  });

  it('is not there for others', async () => {
    expect(await all.log.stretch(await all.user(), session, 0, { limit: 9, maxBytes: 9 })).toBeUndefined();
  });
});
