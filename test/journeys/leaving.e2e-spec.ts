import pg from 'pg';
import type { ParleyClient } from '../support/nodes/client.js';
import { record } from '../support/sockets/index.js';
import { ChatWorld, until } from './chat-world.js';

describe('a node with little room', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let holder: pg.Client;
  beforeEach(async () => {
    world = await ChatWorld.open({ PARLEY__RUNS__MAX_RUNNING_PER_NODE: '1', PARLEY__SHUTDOWN__DRAIN_SECONDS: '10' });
    ada = await world.user();
    holder = new pg.Client({ connectionString: world.db.ownerUrl });
    await holder.connect();
  }, 60_000);
  afterEach(async () => {
    await holder.end();
    await world.close();
  });

  const running = async () =>
    (await world.query<{ n: number }>("select count(*)::int as n from runs where status = 'running'"))[0]?.n;

  it('has room for one run, however many messages come at once', async () => {
    world.model.always({ text: 'Well.', delayMs: 300 });
    const sessions = await Promise.all(Array.from({ length: 8 }, () => world.session(ada)));
    const sent = Promise.all(sessions.map((session) => world.say(ada, session, 'hello')));
    const seen: unknown[] = [];
    let over = false;
    const watch = (async () => {
      while (!over) {
        seen.push(await running());
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    expect((await sent).map(({ status }) => status)).toEqual(sessions.map(() => 201));
    over = true;
    await watch;
    expect(new Set(seen)).toEqual(new Set([0, 1]));
  }, 60_000);

  it('tries a use case out when there is room again', async () => {
    world.model.always({ text: 'Well.', delayMs: 1000 });
    const first = await world.leave(ada, await world.session(ada), 'hello');
    expect(first.status).toBe('running');
    const { status, body } = await ada.call('/chat/use-cases/basic_chat/test', {
      method: 'POST',
      body: { message: 'and this?' },
    });
    expect([status, record(record(body['result'])['response'])['content']]).toEqual([200, 'Well.']);
  }, 60_000);

  it('that leaves waits for a message that it is taking in, and for the request behind it', async () => {
    world.model.always({ text: 'Well.' });
    const session = await world.session(ada);
    await holder.query('begin');
    await holder.query('select from sessions where id = $1 for update', [session]);
    const asked = world.say(ada, session, 'hello');
    const renamed = ada.call(`/chat/sessions/${session}`, { method: 'PUT', body: { title: 'Renamed' } });
    await until(async () => {
      const look = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
      return (await world.query(look)).length === 2 ? true : undefined;
    }, 'two that wait for the session');
    const left = world.node.stop();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await holder.query('commit');
    expect((await renamed).status).toBe(200);
    const { status, body } = await asked;
    expect([status, record(body['response'])['content']]).toEqual([201, 'Well.']);
    expect(await left).toBe(0);
    expect(await world.query('select status from runs')).toEqual([{ status: 'completed' }]);
  }, 60_000);
});
