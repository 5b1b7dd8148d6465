import { Logger } from '@nestjs/common';
import { configSchema } from '../config/index.js';
import { Drain } from './drain.js';

function makeDrain(drainSeconds: number, readyDelaySeconds = 0): Drain {
  const shutdown = { drain_seconds: drainSeconds, ready_delay_seconds: readyDelaySeconds };
  return new Drain(configSchema.parse({ shutdown }));
}

describe('Drain', () => {
  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('gives the phases their turn in order, what shares one together, whatever order they came in', async () => {
    const drain = makeDrain(10);
    const seen: string[] = [];
    drain.onDrain('database', 'goodbye', async () => void seen.push('goodbye'));
    drain.onDrain('b', 'runs', async () => {
      seen.push('b begins');
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push('b ends');
    });
    drain.onDrain('a', 'runs', async () => void seen.push('a'));
    drain.onDrain('http', 'door', async () => void seen.push('door'));
    const done = drain.run();
    await jest.advanceTimersByTimeAsync(100);
    await done;
    expect(seen).toEqual(['door', 'b begins', 'a', 'b ends', 'goodbye']);
  });

  it('says that it drains at once, and shuts the door only after the delay for load balancers', async () => {
    const drain = makeDrain(10, 5);
    const door = jest.fn(async () => undefined);
    drain.onDrain('http', 'door', door);
    expect(drain.draining).toBe(false);
    void drain.run();
    expect(drain.draining).toBe(true);
    await jest.advanceTimersByTimeAsync(4900);
    expect(door).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(200);
    expect(door).toHaveBeenCalledTimes(1);
  });

  it('runs once, however often it is asked', async () => {
    const drain = makeDrain(10);
    const hook = jest.fn(async () => undefined);
    drain.onDrain('x', 'runs', hook);
    await Promise.all([drain.run(), drain.run()]);
    await drain.run();
    expect(hook).toHaveBeenCalledTimes(1);
  });

  it('leaves without what hangs, two seconds after the deadline, and still gives the rest their turn', async () => {
    const drain = makeDrain(3);
    const after = jest.fn(async () => undefined);
    const remaining: number[] = [];
    drain.onDrain('hangs', 'runs', ({ remainingMs }) => {
      remaining.push(remainingMs());
      return new Promise(() => undefined);
    });
    drain.onDrain('after', 'goodbye', async ({ remainingMs }) => {
      remaining.push(remainingMs());
      await after();
    });
    const done = drain.run();
    await jest.advanceTimersByTimeAsync(4900);
    expect(after).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(200);
    await done;
    expect(after).toHaveBeenCalledTimes(1);
    expect(remaining[0]).toBeGreaterThan(2900);
    expect(remaining[1]).toBe(0);
  });

  it('goes on when a turn throws', async () => {
    const drain = makeDrain(3);
    const after = jest.fn(async () => undefined);
    drain.onDrain('fails', 'sockets', () => Promise.reject(new Error('no')));
    drain.onDrain('after', 'runs', after);
    await drain.run();
    expect(after).toHaveBeenCalledTimes(1);
  });

  it('aborts the deadline when the time is over', async () => {
    jest.useRealTimers();
    const drain = makeDrain(0.05);
    let aborted = false;
    drain.onDrain('waits', 'jobs', async ({ deadline }) => {
      await new Promise((resolve) => deadline.addEventListener('abort', resolve));
      aborted = deadline.aborted;
    });
    await drain.run();
    expect(aborted).toBe(true);
  });
});
