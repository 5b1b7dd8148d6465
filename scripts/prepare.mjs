import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/** Uses nothing but Node: it runs on a clone that has never seen `npm ci`. */
export const root = join(import.meta.dirname, '..');

const SOURCES = ['apps', 'libs', 'nest-cli.json', 'tsconfig.json', 'package-lock.json'];
const INSTALLED = 'node_modules/.package-lock.json';
const BUILT = 'dist/apps/api/src/main.js';

const at = (path) => join(root, path);
const timeOf = (path) => (existsSync(at(path)) ? statSync(at(path)).mtimeMs : 0);

function newestIn(path) {
  const status = statSync(at(path));
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(at(path)).map((name) => newestIn(join(path, name))));
}

/** Runs a command with our own output; a failure ends this process with its code. */
function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** `npm ci` where `node_modules` is missing or older than the lock file. */
export function install() {
  if (timeOf(INSTALLED) >= timeOf('package-lock.json')) return;
  console.log('Installing packages (npm ci) …');
  run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
  // A clone gives files the time of the checkout: the mark must be newer than the lock, or it installs for ever.
  const now = new Date();
  utimesSync(at(INSTALLED), now, now);
}

/** Builds where `dist` is missing or older than the sources. */
export function build() {
  if (timeOf(BUILT) > Math.max(...SOURCES.map(newestIn))) return;
  console.log('Building …');
  run(process.execPath, [at('node_modules/@nestjs/cli/bin/nest.js'), 'build', '--all']);
  const now = new Date();
  utimesSync(at(BUILT), now, now);
}

/** Where a program that was started with a pipe for its output listens, as soon as it does. */
export function addressOf(child) {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (bytes) => {
      output += bytes;
      const url = /listens +(\S+)/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', () => reject(new Error(`the program did not start:\n${output}`)));
  });
}
