import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Metrics } from '@parley/platform/observability';
import { Registry } from 'prom-client';
import { Conversations } from '../sessions.factory.js';
import { LogMetrics } from './log.metrics.js';
import { LogRepository } from './log.repository.js';

describe('the count of appends', () => {
  let all: Conversations;
  let metrics: Metrics;
  const count = async () => Number(/^parley_log_appends_total (\d+)$/m.exec((await metrics.expose()).text)?.[1]);
  /** The database tells of its counts within a second or so. */
  async function reaches(least: number): Promise<number> {
    for (const until = Date.now() + 10_000; Date.now() < until; await sleep(100)) {
      if ((await count()) >= least) break;
    }
    return count();
  }

  beforeEach(async () => {
    all = await Conversations.open();
    metrics = new Metrics(new Registry());
    new LogMetrics(metrics, new LogRepository(all.db.database));
  });

  it('grows with every event, also where another node has appended it', async () => {
    const ada = await all.user();
    const session = await all.session(ada);
    await all.exchange(ada, session, 'hello', 'hi');
    const { length } = await all.events(ada, session);
    expect(length).toBeGreaterThan(4);
    expect(await reaches(length)).toBe(length);
    await all.exchange(ada, session, 'and', 'so');
    expect(await reaches(2 * length)).toBe(2 * length);
    await all.close();
  }, 30_000);

  it('stands still while the database is away, and the other metrics are there', async () => {
    Logger.overrideLogger(false);
    metrics.counter({ name: 'parley_other_total', help: 'Other.' }).inc();
    await all.close();
    expect(await count()).toBe(0);
    expect((await metrics.expose()).text).toContain('parley_other_total 1');
  });
});
