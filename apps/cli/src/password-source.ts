import { UsageError } from './failure.js';
import type { World } from './world.js';

const VARIABLES = [
  'PARLEY_ADMIN_PASSWORD',
  'PARLEY_ADMIN_PASSWORD_FILE',
  'PARLEY__ADMIN__PASSWORD',
  'PARLEY__ADMIN__PASSWORD_FILE',
];
/** Far above the longest password that is accepted. */
const MOST_BYTES = 4096;

/**
 * The environment in which the configuration names this administrator: the address is the argument, the
 * password comes from standard input or from the variables that are set already.
 * @throws UsageError when there is no password.
 */
export async function withAdministrator(world: World, email: string, fromStdin: boolean): Promise<World['env']> {
  const named = { ...world.env, PARLEY__ADMIN__EMAIL: email, PARLEY__ADMIN__EMAIL_FILE: '' };
  if (fromStdin) {
    const others = Object.fromEntries(VARIABLES.map((name) => [name, '']));
    return { ...named, ...others, PARLEY__ADMIN__PASSWORD: await readLine(world) };
  }
  if (VARIABLES.some((name) => (world.env[name] ?? '') !== '')) return named;
  throw new UsageError(
    'No password: give --password-stdin and write it to standard input, or set PARLEY_ADMIN_PASSWORD or PARLEY_ADMIN_PASSWORD_FILE.',
  );
}

async function readLine({ stdin }: World): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MOST_BYTES) break;
  }
  const line = text.split(/\r?\n/, 1)[0] ?? '';
  if (line === '' || line.length > MOST_BYTES) throw new UsageError('Standard input holds no password.');
  return line;
}
