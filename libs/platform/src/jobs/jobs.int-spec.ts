import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { eventually, openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { sql } from 'kysely';
import { z } from 'zod';
import { correlationId, runWithContext } from '../observability/index.js';
import { defineJob, type JobDefinition } from './define-job.js';
import type { JobContext } from './job-queue.js';
import { type JobsNode, openJobsNode } from './jobs.factory.js';
import { jobSchema } from './pgboss.migration.js';

const SOMEBODY = { orgId: 'org_1' };
const payload = z.object({ id: z.string() });
type Payload = z.infer<typeof payload>;

let named = 0;
function newJob(options: Partial<JobDefinition<Payload>> = {}): JobDefinition<Payload> {
  named += 1;
  const name = `test.job-n${named}`;
  return defineJob({ name, payload, retry: { limit: 0, delaysSeconds: [] }, deadLetter: true, ...options });
}

describe('job queue', () => {
  let test: TestDatabase;
  const nodes: JobsNode[] = [];
  beforeAll(async () => {
    // Failing jobs are provoked here on purpose, and each is a warning.
    Logger.overrideLogger(false);
    test = await openTestDatabase({ companions: [jobSchema] });
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close();
  });
  afterAll(() => test.close());

  function openNode(options?: Parameters<typeof openJobsNode>[1]): JobsNode {
    const node = openJobsNode(test, options);
    nodes.push(node);
    return node;
  }

  /** A node that works one kind of job and notes what it was called with. */
  function worker(
    job: JobDefinition<Payload>,
    handle: (payload: Payload, context: JobContext) => Promise<void> = async () => undefined,
    options: { concurrency?: number; drainSeconds?: number } = {},
  ) {
    const node = openNode(options);
    const calls: { payload: Payload; context: JobContext; at: number }[] = [];
    node.queue.work(
      job,
      async (given, context) => {
        calls.push({ payload: given, context, at: Date.now() });
        await handle(given, context);
      },
      options,
    );
    node.start();
    return { ...node, calls };
  }

  async function states(job: JobDefinition<Payload>): Promise<Record<string, number>> {
    const { rows } = await test.pool.query(
      'select state, count(*)::int as n from pgboss.job where name = $1 group by state',
      [job.name],
    );
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  }

  it('does what was sent before anybody worked, by a node that only sends', async () => {
    const job = newJob();
    const sender = openNode({ work: false });
    sender.start();
    const id = await sender.queue.send(job, { id: 'a' });
    const { calls } = worker(job);
    await eventually(() => calls.length === 1, 'the job');
    expect(calls[0]).toMatchObject({ payload: { id: 'a' }, context: { jobId: id, attempt: 1 } });
    await eventually(async () => (await states(job))['completed'] === 1, 'settled');
  });

  it('is told of a job at once', async () => {
    const job = newJob();
    const { queue, calls } = worker(job);
    await queue.send(job, { id: 'first' });
    await eventually(() => calls.length === 1, 'the worker is up');
    await sleep(500);
    const delays: number[] = [];
    for (let i = 2; i <= 11; i += 1) {
      const sent = Date.now();
      await queue.send(job, { id: String(i) });
      await eventually(() => calls.length === i, 'the job');
      delays.push(Date.now() - sent);
    }
    expect(delays.sort((a, b) => a - b)[5]).toBeLessThan(200);
  });

  it('sends in the transaction of the caller: with its commit, or never', async () => {
    const job = newJob();
    const { queue, calls } = worker(job);
    const attempt = test.database.as(SOMEBODY, async (db) => {
      await queue.send(job, { id: 'rolled back' }, { db });
      await sql`select 1 / 0`.execute(db);
    });
    await expect(attempt).rejects.toThrow(/division by zero/);
    await test.database.as(SOMEBODY, async (db) => {
      await queue.send(job, { id: 'committed' }, { db });
      await sleep(300);
      expect(calls).toHaveLength(0);
    });
    await eventually(() => calls.length === 1, 'the committed job');
    expect(calls[0]?.payload.id).toBe('committed');
  });

  it('carries the correlation id of the request into the handler, and its own id where there was none', async () => {
    const job = newJob();
    const seen: (string | undefined)[] = [];
    const { queue, calls } = worker(job, async () => void seen.push(correlationId()));
    await runWithContext({ correlationId: 'req-1' }, () => queue.send(job, { id: 'a' }));
    await eventually(() => calls.length === 1, 'the first');
    const id = await queue.send(job, { id: 'b' });
    await eventually(() => calls.length === 2, 'the second');
    expect(seen).toEqual(['req-1', id]);
    expect(calls.map(({ context }) => context.correlationId)).toEqual(['req-1', id]);
  });

  it('tries again after the given delays, then keeps a dead letter that can be seen, retried and dropped', async () => {
    const job = newJob({ retry: { limit: 2, delaysSeconds: [1, 3] } });
    let broken = true;
    const { queue, calls, admin, metrics } = worker(job, async () => {
      if (broken) throw new Error('secret of the provider');
    });
    const actor = SOMEBODY;
    await runWithContext({ correlationId: 'req-2' }, () => queue.send(job, { id: 'a' }));
    await eventually(async () => (await admin.deadLetters(actor, { job: job.name })).length === 1, 'dead', 15_000);
    expect(calls.map(({ context }) => context.attempt)).toEqual([1, 2, 3]);
    const gaps = calls.slice(1).map(({ at }, i) => at - (calls[i]?.at ?? 0));
    expect(gaps[0]).toBeGreaterThanOrEqual(950);
    expect(gaps[0]).toBeLessThan(3600);
    expect(gaps[1]).toBeGreaterThanOrEqual(2950);

    const [letter] = await admin.deadLetters(actor, { job: job.name });
    expect(letter).toMatchObject({
      job: job.name,
      payload: { id: 'a' },
      attempts: 3,
      correlationId: 'req-2',
      error: { code: 'INTERNAL', status: 500, correlation_id: 'req-2' },
    });
    expect(JSON.stringify(letter)).not.toContain('secret of the provider');
    expect(await admin.list(actor)).toContainEqual(
      expect.objectContaining({ job: job.name, waiting: 0, delayed: 0, running: 0, dead: 1 }),
    );
    expect(await metrics()).toContain(`parley_jobs_total{job="${job.name}",result="retried"} 2`);
    expect(await metrics()).toContain(`parley_jobs_total{job="${job.name}",result="dead"} 1`);

    broken = false;
    expect(await admin.retry(actor, [letter?.id ?? ''])).toBe(1);
    await eventually(async () => (await states(job))['completed'] === 1, 'done at last');
    expect(calls.at(-1)).toMatchObject({ payload: { id: 'a' }, context: { attempt: 1, correlationId: 'req-2' } });
    expect(await admin.deadLetters(actor, { job: job.name })).toEqual([]);
    await expect(admin.retry(actor, [letter?.id ?? ''])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lets no failing or slow job hold up another, within its places', async () => {
    const job = newJob();
    let running = 0;
    let most = 0;
    const { queue, calls } = worker(
      job,
      async ({ id }) => {
        running += 1;
        most = Math.max(most, running);
        await sleep(id === 'slow' ? 3000 : 5);
        running -= 1;
        if (id.startsWith('bad')) throw new Error('bad');
      },
      { concurrency: 3 },
    );
    const began = Date.now();
    await queue.send(job, { id: 'slow' });
    for (let i = 0; i < 60; i += 1) await queue.send(job, { id: i % 5 === 0 ? `bad${i}` : `good${i}` });
    await eventually(() => calls.length === 61, 'all but the slow one');
    expect(Date.now() - began).toBeLessThan(2900);
    await eventually(async () => (await states(job))['completed'] === 49, 'settled');
    expect(most).toBe(3);
  });

  it('does every job exactly once over two nodes that share the load', async () => {
    const job = newJob();
    const [a, b] = [worker(job), worker(job)];
    const sent = Array.from({ length: 300 }, (_, i) => String(i));
    await Promise.all(sent.map((id) => a.queue.send(job, { id })));
    await eventually(() => a.calls.length + b.calls.length >= 300, 'all');
    await sleep(300);
    const done = [...a.calls, ...b.calls].map(({ payload: { id } }) => id);
    expect(done.sort()).toEqual(sent.sort());
    expect(Math.min(a.calls.length, b.calls.length)).toBeGreaterThan(0);
  });

  it('adds no second one with the same key while the first waits, but does while it runs', async () => {
    const job = newJob({ singleton: ({ id }) => id });
    const sender = openNode({ work: false });
    expect(await sender.queue.send(job, { id: 'a' })).toEqual(expect.any(String));
    expect(await sender.queue.send(job, { id: 'a' })).toBeNull();
    expect(await sender.queue.send(job, { id: 'b' })).toEqual(expect.any(String));
    expect(await sender.queue.send(job, { id: 'c' })).toEqual(expect.any(String));
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { calls } = worker(job, () => gate);
    await eventually(() => calls.length === 3, 'all three run');
    expect(await sender.queue.send(job, { id: 'a' })).toEqual(expect.any(String));
    release();
    await eventually(() => calls.length === 4, 'the one sent meanwhile');
  });

  it('refuses a payload of another shape, or too long, without showing it', async () => {
    const job = newJob();
    const { queue } = openNode({ work: false });
    const wrong: Payload = JSON.parse('{"id":{"text":"a secret"}}');
    const refused = await queue.send(job, wrong).catch((error: unknown) => String(error));
    expect(refused).toMatch(/test\.job.*id is wrong/);
    expect(refused).not.toContain('a secret');
    await expect(queue.send(job, { id: 'x'.repeat(5000) })).rejects.toThrow(/too long/);
  });
});
