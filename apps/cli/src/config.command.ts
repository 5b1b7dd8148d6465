import { Command } from 'commander';
import type { Perform } from './perform.js';
import type { World } from './world.js';

export function configCommand(world: World, perform: Perform): Command {
  const config = new Command('config').description('Looks at the configuration.');
  config
    .command('check')
    .description('Reads and validates the configuration as a start would, and shows it with secrets masked.')
    .action(perform(async () => (await import('./config-check.js')).checkConfig(world)));
  return config;
}
