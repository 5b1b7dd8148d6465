import type { Actor } from '@parley/auth';
import { Bus, type BusSubscription } from '@parley/platform/bus';
import { configSchema } from '@parley/platform/config';
import { Conversations } from '../sessions.factory.js';
import { LiveTexts } from './live-texts.js';
import { SinkInMemory } from './reader.factory.js';
import { Readers } from './readers.service.js';

/** Says that it is well and carries nothing: every wake is lost. */
class DumbBus extends Bus {
  readonly mode = 'redis';
  publish(): void {}
  subscribe(): BusSubscription {
    return { ready: Promise.resolve(), close: () => undefined };
  }
  state(): { healthy: boolean } {
    return { healthy: true };
  }
  onDoubt(): () => void {
    return () => undefined;
  }
}

describe('readers whose wakes are lost while the bus looks well', () => {
  let all: Conversations;
  let ada: Actor;
  let readers: Readers;
  beforeAll(async () => {
    all = await Conversations.open();
    ada = await all.user();
    readers = new Readers(new DumbBus(), all.log, all.runs, all.drafts, new LiveTexts(), configSchema.parse({}));
    readers.onModuleInit();
  });
  afterAll(async () => {
    readers.onModuleDestroy();
    await all.close();
  });

  it('are brought up to date within fifteen seconds, all by one statement, and told of what is gone', async () => {
    const sessions = [await all.session(ada), await all.session(ada), await all.session(ada)];
    const sinks = sessions.map((sessionId) => {
      const sink = new SinkInMemory();
      readers.open({ actor: ada, sessionId, after: 0 }, sink);
      return sink;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const asked = jest.spyOn(all.log, 'lastSeqs');
    const [first = '', , third = ''] = sessions;
    await all.exchange(ada, first, 'question', 'answer');
    await all.sessions.remove(ada, third, all.now());

    await new Promise((resolve) => setTimeout(resolve, 15_500));
    expect(sinks.map(({ events }) => events.map(({ seq }) => seq))).toEqual([[1, 2, 3, 4, 5, 6], [], []]);
    expect(sinks.map(({ ends }) => ends)).toEqual([[], [], [{ reason: 'gone' }]]);
    expect(asked).toHaveBeenCalledTimes(1);
  });
});

describe('readers without a bus that carries text', () => {
  it('ask the database again when it has answered, and not before: it may be slow', async () => {
    const all = await Conversations.open();
    const ada = await all.user();
    const bus = new DumbBus();
    jest.spyOn(bus, 'state').mockReturnValue({ healthy: false });
    const readers = new Readers(bus, all.log, all.runs, all.drafts, new LiveTexts(), configSchema.parse({}));
    let answer: () => void = () => undefined;
    const slow = new Promise<[]>((resolve) => {
      answer = () => resolve([]);
    });
    const log = jest.spyOn(all.log, 'lastSeqs').mockReturnValue(slow);
    const drafts = jest.spyOn(all.drafts, 'inSessions').mockReturnValue(slow);
    readers.onModuleInit();
    readers.open({ actor: ada, sessionId: await all.session(ada), after: 0 }, new SinkInMemory());
    await new Promise((resolve) => setTimeout(resolve, 2300));
    expect([log.mock.calls.length, drafts.mock.calls.length]).toEqual([1, 1]);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect([log.mock.calls.length, drafts.mock.calls.length]).toEqual([2, expect.any(Number)]);
    expect(drafts.mock.calls.length).toBeGreaterThan(2);
    readers.onModuleDestroy();
    await all.close();
  });
});

describe('readers on a node that has not heard yet that its run was ended elsewhere', () => {
  it('say what the log says: nothing runs', async () => {
    const all = await Conversations.open();
    const ada = await all.user();
    const sessionId = await all.session(ada);
    const texts = new LiveTexts();
    const readers = new Readers(new DumbBus(), all.log, all.runs, all.drafts, texts, configSchema.parse({}));
    const { runId } = (await all.exchange(ada, sessionId, 'question', 'answer')).asked;
    texts.begin(sessionId, runId);
    texts.add(sessionId, { messageId: 'msg_cut_off', text: 'half an ans' });
    const sink = new SinkInMemory();
    const reader = readers.open({ actor: ada, sessionId, after: 0 }, sink);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(sink.events.at(-1)?.type).toBe('run.completed');
    expect(sink.statuses.map(({ status }) => status)).toEqual(['ready']);
    expect([sink.snapshots, sink.deltas]).toEqual([[], []]);
    reader.close();
    await all.close();
  });
});
