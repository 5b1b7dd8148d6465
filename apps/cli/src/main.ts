#!/usr/bin/env node
import 'reflect-metadata';
import { readEnvironment } from '@parley/platform/config';
import { run } from './program.js';

const exitCode = await run(process.argv.slice(2), {
  env: readEnvironment(),
  cwd: process.cwd(),
  stdin: process.stdin,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
// Libraries that could not be built close nothing: what they left open must not keep the command from ending.
process.stdout.write('', () => process.exit(exitCode));
