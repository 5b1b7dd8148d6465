import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root.js';

const PACKAGE = 'websockets==15.0.1';

/**
 * Fetches the one package that the guide for Python names, once, into a folder of its own.
 * @returns what PYTHONPATH has to be, or undefined where pip is missing or reaches no registry
 */
export function pythonWithWebSockets(): string | undefined {
  const folder = join(ROOT, '.cache/python', PACKAGE);
  if (existsSync(join(folder, 'websockets'))) return folder;
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--retries', '0'];
  const install = ['-m', 'pip', 'install', ...options, '--timeout', '10', '--target', folder, PACKAGE];
  const { status } = spawnSync('python3', install, { timeout: 60_000 });
  return status === 0 ? folder : undefined;
}
