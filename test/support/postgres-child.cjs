/**
 * A process of its own around the embedded database, for tests that kill it: opens the cluster of a data
 * directory, says so as one JSON line, and leaves when its standard input ends.
 * Usage: node test/support/postgres-child.cjs <data_dir> serve|join
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');

const root = join(__dirname, '../..');

// Runs the sources as they stand, without a build.
Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    swcrc: false,
    module: { type: 'commonjs' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
  });
  module._compile(code, filename);
};
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, parent, ...rest) => {
  const fromSource = request.startsWith('.') && request.endsWith('.js') && parent?.filename?.endsWith('.ts');
  return resolve(fromSource ? request.replace(/\.js$/, '.ts') : request, parent, ...rest);
};

const { EmbeddedCluster } = require(join(root, 'libs/platform/src/database/embedded/embedded-cluster.ts'));
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function main([dataDir, presence]) {
  try {
    const cluster = await EmbeddedCluster.open(dataDir, presence);
    say({ event: 'open', home: cluster.home });
    process.stdin.resume();
    process.stdin.once('end', () => cluster.close().then(() => process.exit(0)));
  } catch (error) {
    say({ event: 'refused', message: error.message });
    process.exitCode = 1;
  }
}

void main(process.argv.slice(2));
