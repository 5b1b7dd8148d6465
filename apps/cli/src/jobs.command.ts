import { Command } from 'commander';
import type { Perform } from './perform.js';
import type { World } from './world.js';

export function jobsCommand(world: World, perform: Perform): Command {
  const jobs = new Command('jobs').description('The job queue.');
  jobs
    .command('list')
    .description('How many jobs of each kind wait, run, or have failed for good.')
    .action(perform(async () => (await import('./jobs.js')).listJobs(world)));
  jobs
    .command('dead')
    .description('Jobs that failed for good, newest first, with the problem of their last try.')
    .option('--job <name>', 'only those of one kind')
    .option('--limit <number>', 'at most so many (1 to 1000)', '50')
    .action(perform(async (options) => (await import('./jobs.js')).listDeadLetters(world, options)));
  jobs
    .command('retry')
    .description('Sends dead letters again, with all their tries.')
    .argument('[ids...]', 'ids as `parley jobs dead` lists them')
    .option('--all', 'every dead letter, up to 1000')
    .option('--job <name>', 'with --all: only those of one kind')
    .action(perform(async (options, ids) => (await import('./jobs.js')).retryJobs(world, options, ids)));
  return jobs;
}
