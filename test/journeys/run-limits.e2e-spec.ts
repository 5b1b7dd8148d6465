import type { ParleyClient } from '../support/nodes/client.js';
import { ChatWorld, until } from './chat-world.js';

const POLICY = { code: 'RATE_LIMITED', policy: 'runs.concurrent', retry_after: 1 };

describe('runs under way at once', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let eve: ParleyClient;
  beforeAll(async () => {
    world = await ChatWorld.open({
      PARLEY__LIMITS__ENABLED: 'true',
      PARLEY__LIMITS__RUNS_PER_PRINCIPAL: '1',
      PARLEY__LIMITS__RUNS_PER_ORGANISATION: '2',
    });
    [ada, eve] = [await world.user(), await world.user()];
    world.model.script({ when: { user: /wait/ }, reply: { chunks: ['one ', 'two'], betweenMs: 60_000 } });
    world.model.always({ text: 'Well.' });
  }, 60_000);
  afterAll(() => world.close());

  it('are bounded for each person, and for the organisation over all of them', async () => {
    const hers = await world.session(ada);
    const first = await world.leave(ada, hers, 'wait');
    const refused = await world.say(ada, await world.session(ada), 'Hello?');
    expect([refused.status, refused.body]).toEqual([429, expect.objectContaining({ ...POLICY, limit: 1 })]);

    const theirs = await world.session(eve);
    const second = await world.leave(eve, theirs, 'wait');
    const bob = await world.user();
    const session = await world.session(bob);
    const full = await until(async () => {
      const answer = await world.say(bob, session, 'Hello?', {}, { Prefer: 'respond-async' });
      return answer.status === 429 ? answer : undefined;
    }, 'the organisation to be full');
    expect(full.body).toMatchObject({ ...POLICY, limit: 2 });
    expect(full.headers.get('retry-after')).toBe('1');

    await world.cancel(eve, theirs, second.runId);
    await until(
      async () => ((await world.say(bob, session, 'Hello again?')).status === 201 ? true : undefined),
      'room in the organisation',
    );
    expect(await world.run(ada, hers, first.runId)).toMatchObject({ status: 'running' });
    await world.cancel(ada, hers, first.runId);
    await world.ended(ada, hers, first.runId);
    expect((await world.say(ada, hers, 'And now?')).status).toBe(201);
  });
});
