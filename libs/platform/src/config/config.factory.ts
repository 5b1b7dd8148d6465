import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError, type ConfigFinding } from './config.errors.js';
import type { Environment } from './environment.js';
import { loadConfig } from './load.js';

/** What production needs to start, and nothing else. */
export const PRODUCTION: Environment = {
  PARLEY_ENV: 'production',
  PARLEY_KEK: randomBytes(32).toString('base64'),
  PARLEY__HTTP__ALLOWED_HOSTS: 'chat.example.org',
};

const folders: string[] = [];

/** A folder with the given files and, unless given, empty ones for every environment. */
export function configFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-config-'));
  folders.push(folder);
  const shipped = ['default', 'development', 'staging', 'production', 'docker', 'test'];
  const empty = Object.fromEntries(shipped.map((name) => [`config/${name}.yaml`, '']));
  for (const [name, text] of Object.entries({ ...empty, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Removes all folders that this file's tests made. */
export function removeConfigFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** The findings with which a start is refused; an empty list where it is not. */
function refusals(env: Environment, cwd: string = configFolder()): readonly ConfigFinding[] {
  try {
    loadConfig({ env, cwd });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.findings;
    throw error;
  }
}

/** The same as lines: `<source>: <problem>`. */
export function refusalLines(env: Environment, cwd?: string): string[] {
  return refusals(env, cwd).map(({ source, problem }) => `${source}: ${problem}`);
}
