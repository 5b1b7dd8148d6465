import { type Actor, INSTALLATION } from '@parley/auth';
import { Conversations } from '../sessions.factory.js';
import type { WaitingBounds } from './runs.repository.js';

describe('runs that wait', () => {
  let all: Conversations;
  let ada: Actor;
  let session: string;
  beforeAll(async () => {
    all = await Conversations.open();
    ada = await all.user();
  });
  afterAll(() => all.close());
  beforeEach(async () => {
    session = await all.session(ada, { personality: 'pirate' });
  });
  const queuedRuns = async () => {
    const { rows } = await all.db.pool.query<{ queued: number }>(
      'select queued_runs as queued from sessions where id = $1',
      [session],
    );
    return rows[0]?.queued;
  };

  it('are begun with all that decides how they are executed', async () => {
    const { turn } = await all.give(
      ada,
      session,
      { content: 'Ahoy', context: { temperature: 1 }, correlationId: 'c-1' },
      { nodeHasRoom: false },
    );
    const begun = await all.begin(ada, session);
    expect(begun).toMatchObject({
      lastSeq: 4,
      run: {
        runId: turn.runId,
        actor: { principalId: ada.principalId, orgId: ada.orgId, loginId: null },
        sessionSettings: { personality: 'pirate' },
        context: { temperature: 1 },
        content: 'Ahoy',
        correlationId: 'c-1',
        attempt: 1,
        messageSeq: 1,
        untitled: true,
      },
    });
    const events = await all.events(ada, session, 2);
    expect(events.map(({ seq, type }) => `${seq} ${type}`)).toEqual(['3 run.started', '4 component.started']);
    expect(events[0]?.data).toMatchObject({ run_id: turn.runId, status: 'running', attempt: 1, last_seq: 3 });
  });

  it('are begun once, however many nodes look', async () => {
    await all.give(ada, session, {}, { nodeHasRoom: false });
    const begun = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((nodeId) => all.begin(ada, session, { nodeId })));
    expect(begun.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await queuedRuns()).toBe(0);
    expect((await all.events(ada, session)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('stay where their owner has no room', async () => {
    const bob = await all.user();
    await all.send(bob, await all.session(bob), 'elsewhere');
    const mine = await all.session(bob);
    await all.give(bob, mine, {}, { nodeHasRoom: false });
    expect(await all.begin(bob, mine, { maxRunning: 1 })).toBeUndefined();
    expect(await all.begin(bob, mine, { maxRunning: 2 })).toBeDefined();
  });

  describe('of many', () => {
    const NO_BOUND = { limit: 50, perPrincipal: null, perOrganisation: null };
    const waitingOf = async (actor: Actor, sessions: number) => {
      const waiting: string[] = [];
      for (let n = 0; n < sessions; n += 1) {
        const id = await all.session(actor);
        await all.give(actor, id, {}, { nodeHasRoom: false });
        waiting.push(id);
      }
      return waiting;
    };
    const found = async (bounds: Partial<WaitingBounds>) => {
      const rows = await all.runs.idleSessionsWithWork(INSTALLATION, { ...NO_BOUND, ...bounds });
      return rows.map(({ sessionId }) => sessionId);
    };
    beforeEach(async () => {
      await all.db.pool.query('update sessions set queued_runs = 0, active_run_id = null');
      await all.db.pool.query("update runs set status = 'cancelled' where status in ('queued', 'running')");
    });

    it('do not let sixty that cannot begin delay one that can', async () => {
      const bob = await all.user();
      await all.send(bob, await all.session(bob), 'takes the only place');
      await waitingOf(bob, 60);
      const [mine] = await waitingOf(ada, 1);
      expect(await found({ perPrincipal: 1 })).toEqual([mine]);
    });

    it('take no more places than their owner may begin, the oldest first', async () => {
      const bob = await all.user();
      const bobs = await waitingOf(bob, 60);
      const adas = await waitingOf(ada, 2);
      expect(await found({ perPrincipal: 20 })).toEqual([...bobs.slice(0, 20), ...adas]);
      await all.begin(bob, bobs[0] ?? '');
      expect(await found({ perPrincipal: 20 })).toEqual([...bobs.slice(1, 20), ...adas]);
      expect(await found({ perPrincipal: 20, perOrganisation: 3 })).toEqual(bobs.slice(1, 3));
      expect(await found({})).toEqual(bobs.slice(1, 51));
    });

    it('wait by the age of the message that is next, not by that of the session', async () => {
      const old = await all.session(ada);
      const [younger] = await waitingOf(ada, 1);
      await all.give(ada, old, {}, { nodeHasRoom: false });
      expect(await found({})).toEqual([younger, old]);
    });
  });

  it('end at once when cancelled, and the log says so', async () => {
    await all.send(ada, session, 'a');
    const waiting = await all.send(ada, session, 'b');
    expect(await all.runs.cancelQueued(ada, session, waiting.runId, all.now())).toBe(6);
    expect(await all.run(ada, session, waiting.runId)).toMatchObject({ status: 'cancelled', last_seq: 6 });
    expect((await all.events(ada, session, 5)).map(({ type }) => type)).toEqual(['run.cancelled']);
    expect(await queuedRuns()).toBe(0);
    expect(await all.runs.cancelQueued(ada, session, waiting.runId, all.now())).toBeUndefined();
    expect(await queuedRuns()).toBe(0);
  });

  it('are not cancelled by somebody else', async () => {
    await all.send(ada, session, 'a');
    const waiting = await all.send(ada, session, 'b');
    const eve = await all.user();
    expect(await all.runs.cancelQueued(eve, session, waiting.runId, all.now())).toBeUndefined();
    await all.runs.requestCancel(eve, session, waiting.runId);
    expect(await all.runs.find(eve, session, waiting.runId)).toBeUndefined();
    expect(await all.runs.sessionOf(eve, waiting.runId)).toBeUndefined();
    expect(await all.run(ada, session, waiting.runId)).toMatchObject({ status: 'queued' });
  });

  it('are either begun or cancelled when both happen at once, and seq and counts stay right', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { turn } = await all.give(ada, session, {}, { nodeHasRoom: false });
      const before = (await all.sessions.find(ada, session))?.last_seq ?? 0;
      const [begun, cancelled] = await Promise.all([
        all.begin(ada, session),
        all.runs.cancelQueued(ada, session, turn.runId, all.now()),
      ]);
      const { status } = await all.run(ada, session, turn.runId);
      expect([begun !== undefined, cancelled !== undefined].filter(Boolean)).toHaveLength(1);
      expect(status).toBe(begun === undefined ? 'cancelled' : 'running');
      expect(await queuedRuns()).toBe(0);
      const events = await all.events(ada, session, before);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => before + 1 + index));
      if (begun !== undefined) await all.end(ada, all.ending({ ...turn, seq: begun.run.messageSeq }, []));
    }
  });

  it('end with their session, a running one is asked to, and neither is to be seen any more', async () => {
    const running = await all.send(ada, session, 'a');
    const waiting = await all.send(ada, session, 'b');
    expect(await all.sessions.remove(ada, session, all.now())).toEqual({ activeRunId: running.runId });
    const { rows } = await all.db.pool.query(
      'select status, cancel_requested as flag from runs where session_id = $1 order by queue_seq',
      [session],
    );
    expect(rows).toEqual([
      { status: 'running', flag: true },
      { status: 'cancelled', flag: false },
    ]);
    expect(await all.runs.find(ada, session, waiting.runId)).toBeUndefined();
    expect(await all.runs.sessionOf(ada, running.runId)).toBeUndefined();
    expect(await all.begin(ada, session)).toBeUndefined();
    await all.end(ada, all.ending(running, []));
    expect(await all.sessions.remove(ada, session, all.now())).toBeUndefined();
  });
});
