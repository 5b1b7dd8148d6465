import pg from 'pg';
import type { ParleyClient } from '../support/nodes/client.js';
import { ChatWorld, until } from './chat-world.js';

/** Somebody holds a session's row: a node that lost the database in the middle of a transaction, or an operator. */
describe('a session that somebody holds', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let holder: pg.Client;
  beforeAll(async () => {
    world = await ChatWorld.open({
      PARLEY__RUNS__LEASE_SECONDS: '2',
      PARLEY__DATABASE__STATEMENT_TIMEOUT_MS: '1500',
      PARLEY__LOG__LEVEL: 'error',
    });
    ada = await world.user();
    holder = new pg.Client({ connectionString: world.db.ownerUrl });
    await holder.connect();
  }, 60_000);
  afterAll(async () => {
    await holder.end();
    await world.close();
  });
  beforeEach(() => world.model.reset());

  const hold = async (session: string) => {
    await holder.query('begin');
    await holder.query('select from sessions where id = $1 for update', [session]);
  };
  const status = async (runId: string) =>
    (await world.query<{ status: string }>('select status from runs where id = $1', runId))[0]?.status;
  const isLeased = async (runId: string) =>
    (await world.query('select from runs where id = $1 and lease_until > clock_timestamp()', runId)).length > 0;

  it('costs no answer that is there: it is kept until it can be stored', async () => {
    world.model.always({ chunks: ['one ', 'two'], betweenMs: 200 });
    const session = await world.session(ada);
    const { runId } = await world.leave(ada, session, 'hello');
    await hold(session);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(await status(runId)).toBe('running');
    await holder.query('commit');
    expect(await world.ended(ada, session, runId)).toMatchObject({ status: 'completed' });
    expect(await world.contents(ada, session)).toEqual(['hello', 'one two']);
    expect(world.asked()).toHaveLength(1);
  });

  it('costs no answer that is on its way either: a lease that could not be renewed is renewed late', async () => {
    world.model.always({ chunks: ['one ', 'two ', 'three ', 'four ', 'five'], betweenMs: 1100 });
    const session = await world.session(ada);
    const { runId } = await world.leave(ada, session, 'hello');
    // As it stands where a database comes back, or its clock jumps; again and again, to be there when the sweeper looks.
    for (const end = performance.now() + 3000; performance.now() < end; )
      await world.query("update runs set lease_until = lease_until - interval '1 hour' where id = $1", runId);
    await until(async () => ((await isLeased(runId)) ? true : undefined), 'the renewal', 4000);
    expect(await world.ended(ada, session, runId)).toMatchObject({ status: 'completed' });
    expect(await world.contents(ada, session)).toEqual(['hello', 'one two three four five']);
  }, 30_000);

  it('keeps nobody from ending other runs whose node has gone, and from beginning what waits', async () => {
    world.model.script({ when: { user: /wait/ }, reply: { chunks: ['one ', 'two'], betweenMs: 60_000 } });
    world.model.always({ text: 'Well.' });
    const [held, other] = [await world.session(ada), await world.session(ada)];
    const first = await world.leave(ada, held, 'wait');
    const second = await world.leave(ada, other, 'wait');
    const next = await world.leave(ada, other, 'and then?');
    await world.node.kill();
    await hold(held);
    await world.restart();
    await until(async () => ((await status(second.runId)) === 'failed' ? true : undefined), 'the other run', 6000);
    await until(async () => ((await status(next.runId)) === 'completed' ? true : undefined), 'what waited', 6000);
    expect(await status(first.runId)).toBe('running');
    await holder.query('commit');
    await until(async () => ((await status(first.runId)) === 'failed' ? true : undefined), 'the held run', 6000);
  }, 60_000);
});
