import { Command } from 'commander';
import type { Perform } from './perform.js';
import type { World } from './world.js';

export function userCommand(world: World, perform: Perform): Command {
  const user = new Command('user').description('Accounts.');
  user
    .command('create-admin')
    .description(
      'Makes an administrator. The password comes from standard input or from PARLEY_ADMIN_PASSWORD(_FILE), never from an argument.',
    )
    .requiredOption('--email <address>', 'name to sign in with')
    .option('--username <name>', 'further name to sign in with')
    .option('--display-name <name>', 'name that others see')
    .option('--password-stdin', 'read the password from standard input, up to the first line end')
    .action(perform(async (options) => (await import('./create-admin.js')).createAdmin(world, options)));
  return user;
}
