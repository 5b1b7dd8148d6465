import { NotifyBus } from './notify-bus.js';
import type { ChannelListener } from './pg-listener.js';

/** A database line between the buses of one test: what one notifies, all hear in the next turn. */
class FakeDatabase {
  readonly said: string[] = [];
  readonly listeners = new Set<ChannelListener>();
  echoes = true;

  line() {
    return {
      listen: (_: string, listener: ChannelListener) => {
        this.listeners.add(listener);
        setTimeout(() => listener.up?.(), 1);
        return () => void this.listeners.delete(listener);
      },
      notify: async (_: string, payload: string) => {
        this.said.push(payload);
        if (this.echoes) setTimeout(() => [...this.listeners].map((listener) => listener.heard(payload)), 1);
        return true;
      },
    };
  }

  wakes(): string[] {
    return this.said.filter((word) => word.includes('"w"'));
  }
}

function openBus(database: FakeDatabase, nodeId: string, ownsDatabase = false): NotifyBus {
  const bus = new NotifyBus(database.line(), { nodeId, ownsDatabase });
  bus.open();
  return bus;
}

describe('NotifyBus', () => {
  let database: FakeDatabase;
  beforeEach(() => {
    jest.useFakeTimers();
    database = new FakeDatabase();
  });
  afterEach(() => jest.useRealTimers());

  it('says nothing once it knows itself alone, and speaks again when somebody comes', async () => {
    const bus = openBus(database, 'A');
    await jest.advanceTimersByTimeAsync(100);
    bus.publish('s', { wake: 1 });
    await jest.advanceTimersByTimeAsync(100);
    expect(database.wakes()).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(2000);
    bus.publish('s', { wake: 2 });
    await jest.advanceTimersByTimeAsync(100);
    expect(database.wakes()).toHaveLength(1);

    const other = openBus(database, 'B');
    const heard = jest.fn();
    other.subscribe('s', heard);
    const doubt = jest.fn();
    other.onDoubt(doubt);
    await jest.advanceTimersByTimeAsync(100);
    // It may have missed what the first one kept to itself.
    expect(doubt).toHaveBeenCalledTimes(1);
    bus.publish('s', { wake: 3 });
    await jest.advanceTimersByTimeAsync(100);
    expect(heard.mock.calls).toEqual([[{ wake: 3 }, 'remote']]);

    await other.close();
    await jest.advanceTimersByTimeAsync(100);
    bus.publish('s', { wake: 4 });
    await jest.advanceTimersByTimeAsync(100);
    expect(database.wakes()).toHaveLength(2);
  });

  it('sends at most one NOTIFY in 25 ms, with the greatest number of each channel', async () => {
    const bus = openBus(database, 'A');
    openBus(database, 'B');
    await jest.advanceTimersByTimeAsync(100);
    for (let wake = 1; wake <= 1000; wake += 1) {
      bus.publish(`s${wake % 2}`, { wake: wake === 1000 ? 7 : wake });
      await jest.advanceTimersByTimeAsync(1);
    }
    await jest.advanceTimersByTimeAsync(100);
    expect(database.wakes().length).toBeGreaterThan(20);
    expect(database.wakes().length).toBeLessThanOrEqual(42);
    expect(database.wakes().at(-1)).toContain('"s1":999');
    expect(database.wakes().join('')).toContain('"s0":998');
    expect(database.wakes().join('')).not.toContain('"s0":7}');
  });

  it('keeps deltas and bodies at home', async () => {
    const bus = openBus(database, 'A');
    openBus(database, 'B');
    await jest.advanceTimersByTimeAsync(100);
    const before = database.said.length;
    bus.publish('s', { local: { text: 'a token' } });
    bus.publish('s', { body: { text: 'a token' } });
    await jest.advanceTimersByTimeAsync(100);
    expect(database.said).toHaveLength(before);
  });

  it('is a process bus to the owner of an embedded database until somebody joins', async () => {
    const owner = openBus(database, 'A', true);
    const doubt = jest.fn();
    owner.onDoubt(doubt);
    await jest.advanceTimersByTimeAsync(100);
    expect(owner.mode).toBe('process');
    const joined = openBus(database, 'B');
    await jest.advanceTimersByTimeAsync(100);
    expect([owner.mode, joined.mode]).toEqual(['notify', 'notify']);
    expect(doubt).toHaveBeenCalledTimes(1);
    await joined.close();
    await jest.advanceTimersByTimeAsync(100);
    expect(owner.mode).toBe('process');
  });

  it('does not take silence for being alone when notifications do not come through, and says so', async () => {
    database.echoes = false;
    const bus = openBus(database, 'A');
    await jest.advanceTimersByTimeAsync(100);
    expect(bus.state()).toEqual({ healthy: true });
    await jest.advanceTimersByTimeAsync(3000);
    expect(bus.state()).toEqual({ healthy: false, reason: 'notifications of the database do not come through' });
    bus.publish('s', { wake: 1 });
    await jest.advanceTimersByTimeAsync(100);
    expect(database.wakes()).toHaveLength(1);
  });

  it('sends what waits before it goes, and takes leave', async () => {
    const bus = openBus(database, 'A');
    openBus(database, 'B');
    await jest.advanceTimersByTimeAsync(100);
    bus.publish('s', { wake: 1 });
    bus.publish('s', { wake: 2 });
    await bus.close();
    expect(database.said.slice(-2)).toEqual(['{"n":"A","w":{"s":2}}', '{"n":"A","bye":true}']);
    bus.publish('s', { wake: 3 });
    await jest.advanceTimersByTimeAsync(100);
    expect(database.said.at(-1)).toBe('{"n":"A","bye":true}');
  });

  it.each(['', '[]', '{}', '{"n":1}', '{"n":"X","w":{"s":"1"}}', '{"n":"X","bye":false}', '{"n":', '"n"'])(
    'passes over %j, which no bus has said',
    async (payload) => {
      const bus = openBus(database, 'A', true);
      const heard = jest.fn();
      bus.subscribe('s', heard);
      await jest.advanceTimersByTimeAsync(100);
      for (const listener of database.listeners) listener.heard(payload);
      expect(heard).not.toHaveBeenCalled();
      expect(bus.mode).toBe('process');
    },
  );
});
