import { Command, Option } from 'commander';
import type { Perform } from './perform.js';
import type { World } from './world.js';

export function migrateCommand(world: World, perform: Perform): Command {
  return new Command('migrate')
    .description('Brings the database to the schema of this program, under a lock; applying nothing is success too.')
    .addOption(
      new Option(
        '--down-to <migration>',
        'take back every migration after this one, with its data; "none": all',
      ).conflicts('status'),
    )
    .option('--status', 'change nothing; exit code 1 when the schema is not the one of this program')
    .action(perform(async (options) => (await import('./migrate.js')).migrate(world, options)));
}
