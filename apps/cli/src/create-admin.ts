import { AccountsService, IdentityModule, INSTALLATION } from '@parley/auth';
import { loadConfig } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { z } from 'zod';
import { withApplication } from './application.js';
import { UsageError } from './failure.js';
import { ground } from './ground.js';
import { done, type Outcome } from './outcome.js';
import { withAdministrator } from './password-source.js';
import type { World } from './world.js';

const optionsSchema = z.object({
  email: z.string().min(1),
  username: z.string().min(1).optional(),
  displayName: z.string().min(1).optional(),
  passwordStdin: z.boolean().default(false),
});

/** `parley user create-admin` */
export async function createAdmin(world: World, given: unknown): Promise<Outcome> {
  const { email, username, displayName, passwordStdin } = optionsSchema.parse(given);
  const env = await withAdministrator(world, email, passwordStdin);
  const config = loadConfig({ env, cwd: world.cwd });
  const { password } = config.admin;
  if (password === null) throw new UsageError('The password is empty.');
  const imports = [...ground(), CryptoModule, IdentityModule];
  return withApplication(world, { config, imports }, async (app) => {
    const registration = { email, password, username, displayName };
    const account = await app.get(AccountsService).createAdmin(INSTALLATION, registration);
    const { principalId: user_id, roles } = account;
    return done(`Administrator ${account.email} was created (${user_id}).`, {
      user_id,
      email: account.email,
      username: account.username,
      roles,
    });
  });
}
