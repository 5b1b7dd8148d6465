import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { eventually, openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { z } from 'zod';
import { defineJob, type JobDefinition } from './define-job.js';
import type { JobContext, JobHandler } from './job-queue.js';
import { type JobsNode, openJobsNode } from './jobs.factory.js';
import { jobSchema } from './pgboss.migration.js';

const SOMEBODY = { orgId: 'org_1' };
const payload = z.object({ id: z.string() });
type Payload = z.infer<typeof payload>;

let named = 0;
function newJob(options: Partial<JobDefinition<Payload>> = {}): JobDefinition<Payload> {
  named += 1;
  const name = `test.hard-n${named}`;
  return defineJob({ name, payload, retry: { limit: 1, delaysSeconds: [0] }, deadLetter: true, ...options });
}

/** Resolves when the signal is aborted, with the reason's message. */
function untilAborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(String(signal.reason))));
}

describe('jobs in adversity', () => {
  let test: TestDatabase;
  const nodes: JobsNode[] = [];
  beforeAll(async () => {
    Logger.overrideLogger(false);
    test = await openTestDatabase({ companions: [jobSchema] });
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close();
  });
  afterAll(() => test.close());

  function worker(job: JobDefinition<Payload>, handle: JobHandler<Payload>, drainSeconds = 5) {
    const node = openJobsNode(test, { drainSeconds });
    nodes.push(node);
    const calls: { payload: Payload; context: JobContext }[] = [];
    node.queue.work(job, async (given, context) => {
      calls.push({ payload: given, context });
      await handle(given, context);
    });
    node.start();
    return { ...node, calls };
  }

  async function rows(job: JobDefinition<Payload>) {
    const columns = 'state, retry_count, completed_on, start_after, started_on, created_on';
    const result = await test.pool.query(`select ${columns} from pgboss.job where name = $1`, [job.name]);
    return result.rows;
  }

  it('lets a running job end before the node leaves, and takes no other', async () => {
    const job = newJob();
    let ended = false;
    const { queue, drain, calls, metrics } = worker(job, async () => {
      await sleep(1000);
      ended = true;
    });
    await queue.send(job, { id: 'a' });
    await eventually(() => calls.length === 1, 'running');
    const drained = drain.run();
    await queue.send(job, { id: 'too late' });
    await drained;
    expect(ended).toBe(true);
    expect(calls).toHaveLength(1);
    expect((await rows(job)).map(({ state }) => state).sort()).toEqual(['completed', 'created']);
    expect(await metrics()).toContain('result="completed"} 1');
  });

  it('hands back what does not end in time: another node does it at once, and the try does not count', async () => {
    const job = newJob({ retry: { limit: 0, delaysSeconds: [] } });
    const reasons: string[] = [];
    const first = worker(
      job,
      async (_, { signal }) => {
        reasons.push(await untilAborted(signal));
        throw new Error('interrupted');
      },
      0.3,
    );
    await first.queue.send(job, { id: 'a' });
    await eventually(() => first.calls.length === 1, 'running');
    await first.drain.run();
    expect(reasons).toEqual(['Error: the node leaves']);
    expect(await first.metrics()).toContain('result="handed_back"} 1');
    const second = worker(job, async () => undefined);
    await eventually(() => second.calls.length === 1, 'taken over');
    expect(second.calls[0]?.context.attempt).toBe(1);
  });

  it('leaves without a handler that does not listen, and hands its job back too', async () => {
    const job = newJob({ retry: { limit: 0, delaysSeconds: [] } });
    const first = worker(job, () => sleep(6000), 0.2);
    await first.queue.send(job, { id: 'a' });
    await eventually(() => first.calls.length === 1, 'running');
    const began = Date.now();
    await first.drain.run();
    expect(Date.now() - began).toBeLessThan(2500);
    expect(await rows(job)).toEqual([expect.objectContaining({ state: 'retry', retry_count: 0, started_on: null })]);
  });

  it('ends a try that takes too long', async () => {
    const job = newJob({ timeoutSeconds: 0.5 });
    const reasons: string[] = [];
    const { queue, calls, admin } = worker(job, async (_, { signal }) => {
      reasons.push(await untilAborted(signal));
      signal.throwIfAborted();
    });
    await queue.send(job, { id: 'a' });
    await eventually(async () => (await admin.deadLetters(SOMEBODY, { job: job.name })).length === 1, 'dead');
    expect(calls).toHaveLength(2);
    expect(reasons[0]).toBe('Error: took more than 0.5 s');
  });

  it('gives the job of a node that died to another one', async () => {
    const job = newJob();
    const dead = openJobsNode(test);
    nodes.push(dead);
    await dead.queue.send(job, { id: 'a' });
    const boss = await dead.engine.boss();
    expect(await boss.fetch(job.name)).toHaveLength(1);
    await test.pool.query(
      "update pgboss.job set heartbeat_on = now() - interval '31 s' where name = $1 and state = 'active'",
      [job.name],
    );
    const { calls } = worker(job, async () => undefined);
    await eventually(() => calls.length === 1, 'taken over', 25_000);
    expect(calls[0]?.context.attempt).toBe(2);
  }, 40_000);

  it('keeps a long job of a node that lives', async () => {
    const job = newJob();
    const { queue, calls } = worker(job, () => sleep(11_000), 0);
    await queue.send(job, { id: 'a' });
    await eventually(() => calls.length === 1, 'running');
    const age = 'select extract(epoch from now() - heartbeat_on)::float8 as age from pgboss.job where name = $1';
    await sleep(10_500);
    const { rows: found } = await test.pool.query(age, [job.name]);
    expect(found[0]?.age).toBeLessThan(5);
  });

  it('does not try again what no version here can read', async () => {
    const job = newJob({ retry: { limit: 5, delaysSeconds: [60] } });
    const { queue, calls, admin, engine } = worker(job, async () => undefined);
    await queue.send(job, { id: 'known' });
    const boss = await engine.boss();
    await boss.send(job.name, { payload: { id: 7 } });
    await boss.send(job.name, { anything: 'else' });
    await eventually(async () => (await admin.deadLetters(SOMEBODY, { job: job.name })).length === 2, 'both dead');
    expect(calls).toHaveLength(1);
    expect((await admin.deadLetters(SOMEBODY, { job: job.name })).map(({ attempts }) => attempts)).toEqual([1, 1]);
  });

  it('goes on after all its connections were cut', async () => {
    const job = newJob();
    const { queue, calls } = worker(job, async () => undefined);
    await queue.send(job, { id: 'before' });
    await eventually(() => calls.length === 1, 'before');
    await test.cutConnections();
    await eventually(
      () =>
        queue.send(job, { id: 'after' }).then(
          () => true,
          () => false,
        ),
      'sent',
    );
    await eventually(() => calls.length === 2, 'after');
    expect(calls.map(({ payload }) => payload.id)).toEqual(['before', 'after']);
  });

  it('keeps a schedule once for all nodes', async () => {
    const job = newJob();
    const together: Payload[] = [];
    for (let i = 0; i < 2; i += 1) {
      const node = openJobsNode(test);
      nodes.push(node);
      node.queue.work(job, async (given) => void together.push(given));
      node.queue.schedule(job, '* * * * *', { id: 'each minute' });
      node.start();
    }
    await eventually(() => together.length > 0, 'the first', 25_000);
    await sleep(3000);
    const { rows: slots } = await test.pool.query(
      "select count(*)::int as sent, count(distinct date_trunc('minute', created_on))::int as minutes from pgboss.job where name = $1",
      [job.name],
    );
    expect(slots[0]?.sent).toBe(slots[0]?.minutes);
    expect(together).toHaveLength(slots[0]?.sent);
    expect(together[0]).toEqual({ id: 'each minute' });
    const { rows: schedules } = await test.pool.query('select name from pgboss.schedule where name = $1', [job.name]);
    expect(schedules).toHaveLength(1);
  }, 60_000);

  it('changes the settings of a queue that an older version made', async () => {
    const old = newJob({ retry: { limit: 1, delaysSeconds: [5] }, deadLetter: false });
    const { queue } = worker(old, async () => undefined);
    await queue.send(old, { id: 'a' });
    const now = defineJob({ ...old, retry: { limit: 4, delaysSeconds: [9] }, deadLetter: true });
    const newer = worker(now, async () => undefined);
    await newer.queue.send(now, { id: 'b' });
    const boss = await newer.engine.boss();
    expect(await boss.getQueue(old.name)).toMatchObject({
      retryLimit: 4,
      retryDelay: 9,
      deadLetter: `${old.name}.dead`,
      notify: true,
    });
  });
});
