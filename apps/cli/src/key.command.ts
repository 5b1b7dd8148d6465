import { Command } from 'commander';
import type { Perform } from './perform.js';
import type { World } from './world.js';

export function keyCommand(world: World, perform: Perform): Command {
  const key = new Command('key').description('The keys that sign access tokens.');
  key
    .command('list')
    .description('Every signing key with its state, the oldest first. Shows no private part.')
    .action(perform(async () => (await import('./keys.js')).listKeys(world)));
  key
    .command('rotate-signing')
    .description('Publishes a new key, which signs ten to fifteen minutes later. No token that is valid is refused.')
    .action(perform(async () => (await import('./keys.js')).rotateSigning(world)));
  key
    .command('revoke-signing')
    .description(
      'Ends a key and every token it signed, at once and for good. Another key signs. Logins stay: refresh tokens go on.',
    )
    .argument('<kid>', 'as `parley key list` names it')
    .action(perform(async (_options, [kid = '']) => (await import('./keys.js')).revokeSigning(world, kid)));
  return key;
}
