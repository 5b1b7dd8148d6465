import { INSTALLATION } from '@parley/auth';
import { type DeadLetter, JobAdmin, type JobCounts, JobsModule } from '@parley/platform/jobs';
import { z } from 'zod';
import { withApplication } from './application.js';
import { UsageError } from './failure.js';
import { ground } from './ground.js';
import { done, type Outcome, table } from './outcome.js';
import type { World } from './world.js';

const MOST = 1000;
const limitSchema = z.coerce.number().int().min(1).max(MOST);
const deadSchema = z.object({ job: z.string().min(1).optional(), limit: z.string() });
const retrySchema = z.object({ all: z.boolean().default(false), job: z.string().min(1).optional() });

function withJobs(world: World, work: (jobs: JobAdmin) => Promise<Outcome>): Promise<Outcome> {
  const imports = [...ground(), JobsModule.forRoot({ work: false })];
  return withApplication(world, { imports }, (app) => work(app.get(JobAdmin)));
}

/** `parley jobs list` */
export function listJobs(world: World): Promise<Outcome> {
  return withJobs(world, async (jobs) => {
    const counts = await jobs.list(INSTALLATION);
    return done(counts.length === 0 ? 'No jobs.' : countsTable(counts), { jobs: counts.map(countsToJson) });
  });
}

/** `parley jobs dead` */
export function listDeadLetters(world: World, given: unknown): Promise<Outcome> {
  const options = deadSchema.parse(given);
  const limit = limitSchema.safeParse(options.limit);
  if (!limit.success) throw new UsageError(`--limit: expected a whole number from 1 to ${MOST}.`);
  return withJobs(world, async (jobs) => {
    const letters = await jobs.deadLetters(INSTALLATION, filterOf(options.job, limit.data));
    return done(letters.length === 0 ? 'No dead letters.' : lettersTable(letters), {
      dead_letters: letters.map(letterToJson),
    });
  });
}

/** `parley jobs retry` */
export function retryJobs(world: World, given: unknown, ids: readonly string[]): Promise<Outcome> {
  const { all, job } = retrySchema.parse(given);
  if (all === ids.length > 0) throw new UsageError('Give either ids or --all.');
  if (!all && job !== undefined) throw new UsageError('--job goes with --all.');
  return withJobs(world, async (jobs) => {
    const chosen = all ? await idsOfAll(jobs, job) : ids;
    const retried = chosen.length === 0 ? 0 : await jobs.retry(INSTALLATION, chosen);
    return done(`${retried} sent again.`, { retried });
  });
}

async function idsOfAll(jobs: JobAdmin, job: string | undefined): Promise<string[]> {
  const letters = await jobs.deadLetters(INSTALLATION, filterOf(job, MOST));
  return letters.map(({ id }) => id);
}

function filterOf(job: string | undefined, limit: number): { job?: string; limit: number } {
  return job === undefined ? { limit } : { job, limit };
}

function countsTable(counts: readonly JobCounts[]): string {
  const rows = counts.map(({ job, waiting, delayed, running, dead, oldestWaitingSeconds: oldest }) => [
    job,
    ...[waiting, delayed, running, dead].map(String),
    oldest === null ? '-' : `${Math.round(oldest)} s`,
  ]);
  return table(['JOB', 'WAITING', 'DELAYED', 'RUNNING', 'DEAD', 'OLDEST'], rows);
}

function lettersTable(letters: readonly DeadLetter[]): string {
  const rows = letters.map(({ id, job, attempts, diedAt, error }) => [
    id,
    job,
    String(attempts),
    diedAt.toISOString(),
    problemOf(error),
  ]);
  return table(['ID', 'JOB', 'TRIES', 'DIED', 'PROBLEM'], rows);
}

/** The code of a stored problem document, with its detail where there is one. */
function problemOf(error: unknown): string {
  const parsed = z.looseObject({ code: z.string(), detail: z.string().optional() }).safeParse(error);
  if (!parsed.success) return '-';
  const { code, detail } = parsed.data;
  return detail === undefined ? code : `${code}: ${detail}`;
}

function countsToJson({ oldestWaitingSeconds, ...counts }: JobCounts): object {
  return { ...counts, oldest_waiting_seconds: oldestWaitingSeconds };
}

function letterToJson(letter: DeadLetter): object {
  const { id, job, payload, correlationId, attempts, error, sentAt, diedAt } = letter;
  const times = { sent_at: sentAt.toISOString(), died_at: diedAt.toISOString() };
  return { id, job, attempts, ...times, error, correlation_id: correlationId, payload };
}
