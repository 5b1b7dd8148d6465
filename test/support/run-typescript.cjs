/**
 * `node test/support/run-typescript.cjs <file.ts> [arguments]`: runs a source file as a process of its
 * own, for suites that kill and signal real processes.
 */
const { resolve } = require('node:path');
require('./sources.cjs');

const [file, ...rest] = process.argv.slice(2);
process.argv = [process.argv[0], resolve(file), ...rest];
require(resolve(file));
