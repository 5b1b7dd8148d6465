import { Command } from 'commander';
import type { Perform } from './perform.js';
import type { World } from './world.js';

export function doctorCommand(world: World, perform: Perform): Command {
  return new Command('doctor')
    .description(
      'Examines this installation: configuration, data directory, database, schema, keys, Redis, models, prices, accounts, jobs. Warnings do not change the exit code.',
    )
    .action(perform(async () => (await import('./doctor.js')).examine(world)));
}
