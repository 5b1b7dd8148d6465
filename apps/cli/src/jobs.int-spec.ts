import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { readEnvironment } from '@parley/platform/config';
import { defineJob, JobQueue, JobsModule } from '@parley/platform/jobs';
import { z } from 'zod';
import { withApplication } from './application.js';
import { openTestDeployment, runCli, runJson, type TestDeployment } from './cli.factory.js';
import { ground } from './ground.js';
import { EXIT } from './outcome.js';

const errand = defineJob({
  name: 'test.errand',
  payload: z.object({ id: z.string() }),
  retry: { limit: 0, delaysSeconds: [] },
  deadLetter: true,
});
const letter = z.object({ id: z.string(), job: z.string(), attempts: z.number(), payload: z.unknown() }).loose();
const listed = z.object({ dead_letters: z.array(letter) });
const counted = z.object({ jobs: z.array(z.object({ job: z.string(), dead: z.number() }).loose()) });

/** What came of the errands that a worker was sent on; those that are to fail do. */
const done: string[] = [];
let failing = true;

@Injectable()
class Errands {
  constructor(queue: JobQueue) {
    queue.work(errand, async ({ id }) => {
      if (failing) throw new Error('no way through');
      done.push(id);
    });
  }
}

@Module({ providers: [Errands] })
class ErrandsModule {}

describe('parley jobs', () => {
  let test: TestDeployment;
  const deadLetters = async (...args: string[]) =>
    listed.parse((await runJson(['jobs', 'dead', ...args], test.env)).json);
  const dead = async () => {
    const { jobs } = counted.parse((await runJson(['jobs', 'list'], test.env)).json);
    return jobs.find(({ job }) => job === errand.name)?.dead;
  };

  beforeAll(async () => {
    test = await openTestDeployment();
  });
  afterAll(() => test.close());

  /** A worker, for as long as it takes until `until` holds. */
  async function atWork(work: (queue: JobQueue) => Promise<unknown>, until: () => Promise<boolean>): Promise<void> {
    const quiet = () => undefined;
    const world = { env: { ...readEnvironment(), ...test.env }, cwd: process.cwd(), stdin: process.stdin };
    const imports = [...ground(), JobsModule.forRoot({ work: true }), ErrandsModule];
    await withApplication({ ...world, out: quiet, err: quiet }, { imports }, async (app) => {
      await work(app.get(JobQueue));
      for (const end = Date.now() + 20_000; !(await until()); await sleep(50)) {
        if (Date.now() > end) throw new Error('the worker did not come to an end');
      }
    });
  }

  it('lists what failed for good, and sends it again', async () => {
    expect((await runCli(['jobs', 'dead'], test.env)).out).toBe('No dead letters.\n');
    await atWork(
      async (queue) => {
        await queue.send(errand, { id: 'north' });
        await queue.send(errand, { id: 'south' });
      },
      async () => (await dead()) === 2,
    );
    const { dead_letters: letters } = await deadLetters();
    expect(letters.map(({ payload }) => payload)).toEqual(expect.arrayContaining([{ id: 'north' }, { id: 'south' }]));
    expect(letters[0]).toMatchObject({ job: errand.name, attempts: 1, error: { code: 'INTERNAL' } });
    expect((await deadLetters('--job', 'another.job')).dead_letters).toEqual([]);
    expect((await deadLetters('--limit', '1')).dead_letters).toHaveLength(1);
    expect((await runCli(['jobs', 'dead'], test.env)).out).toMatch(
      /^ID +JOB +TRIES +DIED +PROBLEM\n.{36} +test\.errand +1 /,
    );

    failing = false;
    const north = letters.find(({ payload }) => JSON.stringify(payload).includes('north'))?.id ?? '';
    await atWork(
      async () =>
        expect(await runJson(['jobs', 'retry', north], test.env)).toMatchObject({
          exitCode: EXIT.ok,
          json: { retried: 1 },
        }),
      async () => done.length === 1,
    );
    expect(done).toEqual(['north']);
    expect(await dead()).toBe(1);
    expect(await runJson(['jobs', 'retry', north], test.env)).toMatchObject({
      exitCode: EXIT.failed,
      json: { error: { code: 'NOT_FOUND' } },
    });
    expect(await runJson(['jobs', 'retry', '--all', '--job', 'another.job'], test.env)).toMatchObject({
      exitCode: EXIT.ok,
      json: { retried: 0 },
    });
    await atWork(
      async () => expect((await runCli(['jobs', 'retry', '--all'], test.env)).out).toBe('1 sent again.\n'),
      async () => done.length === 2,
    );
    expect(done).toEqual(['north', 'south']);
    expect(await dead()).toBe(0);
  }, 90_000);
});
