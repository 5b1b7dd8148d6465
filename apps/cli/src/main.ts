#!/usr/bin/env node
import { readEnvironment } from '@parley/platform/config';
import { run } from './program.js';

process.exitCode = await run(process.argv.slice(2), {
  env: readEnvironment(),
  cwd: process.cwd(),
  stdin: process.stdin,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
