import type { Actor } from '@parley/auth';
import type pg from 'pg';
import { ADMISSION, Conversations } from '../sessions.factory.js';

const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** The server does what the next statement says, and the line breaks before its answer is read. */
function loseNextAnswer(pool: pg.Pool): void {
  pool.once('acquire', loseAnswer);
}

/** The same for the end of the next transaction. */
function loseNextCommit(pool: pg.Pool): void {
  pool.once('acquire', (client) => {
    const query: unknown = Reflect.get(client, 'query');
    if (typeof query !== 'function') throw new Error('a client that cannot be asked');
    Reflect.set(client, 'query', (...asked: unknown[]): unknown => {
      if (asked[0] === 'commit') loseAnswer(client);
      return Reflect.apply(query, client, asked);
    });
  });
}

function loseAnswer(client: pg.ClientBase): void {
  const connection: unknown = Reflect.get(client, 'connection');
  const stream: unknown = typeof connection === 'object' && connection !== null && Reflect.get(connection, 'stream');
  if (!isStream(stream)) throw new Error('a connection without a stream');
  const emit = stream.emit.bind(stream);
  stream.emit = (event, ...rest) => (event === 'data' ? emit('error', reset) : emit(event, ...rest));
}

function isStream(thing: unknown): thing is { emit: (event: string, ...rest: unknown[]) => boolean } {
  return typeof thing === 'object' && thing !== null && 'emit' in thing && typeof thing.emit === 'function';
}

describe('a statement whose answer was lost with its connection', () => {
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

  const idempotency = (key: string) => ({ key, fingerprint: Buffer.from('same'), expiresAt: new Date('2100-01-01') });

  it.each([
    ['where the next message would wait', {}, {}],
    ['where a second message is refused', {}, { onBusy: 'reject' as const }],
    ['with an id of the client', { clientMessageId: 'mine' }, {}],
    ['with a key', { idempotency: idempotency('lost') }, {}],
  ])('has begun its run here, once: %s', async (_where, turn, admission) => {
    await all.exchange(ada, session, 'why?', 'because');
    loseNextAnswer(all.db.pool);
    const { turn: sent, accepted } = await all.give(ada, session, turn, admission);
    expect(accepted).toMatchObject({ begun: true, lastSeq: 9, history: [{ content: 'why?' }, { content: 'because' }] });
    expect(accepted?.parentId).toMatch(/^msg_/);
    expect(await all.count('runs', session)).toBe(2);
    expect(await all.run(ada, session, sent.runId)).toMatchObject({ status: 'running', attempt: 1 });
    expect((await all.events(ada, session)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('has put its run behind the others', async () => {
    await all.send(ada, session, 'first');
    loseNextAnswer(all.db.pool);
    const { accepted } = await all.give(ada, session);
    expect(accepted).toMatchObject({ begun: false, lastSeq: 5, history: [] });
    expect(await all.count('messages', session)).toBe(2);
  });

  it('says so where its run has gone on without us', async () => {
    const turn = all.turn(session);
    await all.accept.send(ada, turn, { ...ADMISSION, nodeHasRoom: false });
    expect((await all.begin(ada, session))?.run.runId).toBe(turn.runId);
    await all.end(ada, all.ending({ ...turn, seq: 1 }, [all.answer('done')]));
    expect(await all.accept.send(ada, turn, ADMISSION)).toBe('gone-on');
    expect(await all.count('messages', session)).toBe(2);
  });

  it('has begun its regeneration here', async () => {
    const { asked } = await all.exchange(ada, session, 'why?', 'because');
    loseNextAnswer(all.db.pool);
    const again = await all.regenerate(ada, asked);
    expect(again.accepted).toMatchObject({ begun: true, lastSeq: 8, history: [] });
    expect(await all.count('runs', session)).toBe(2);
  });

  it('has begun a run that waited, once', async () => {
    const { turn } = await all.give(ada, session, {}, { nodeHasRoom: false });
    loseNextCommit(all.db.pool);
    expect(await all.begin(ada, session)).toMatchObject({ lastSeq: 4, run: { runId: turn.runId, attempt: 1 } });
    expect(await all.run(ada, session, turn.runId)).toMatchObject({ status: 'running', attempt: 1 });
    expect(await all.begin(ada, session)).toBeUndefined();
    expect((await all.events(ada, session)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('has ended its run, which is no lost lease', async () => {
    const asked = await all.send(ada, session, 'why?');
    await all.send(ada, session, 'and then?');
    const end = all.ending(asked, [all.answer('because')]);
    loseNextAnswer(all.db.pool);
    expect(await all.end(ada, end)).toEqual({ lastSeq: 8, queued: 1 });
    expect(await all.count('messages', session)).toBe(3);
    expect((await all.events(ada, session)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
