/**
 * `node test/support/run-typescript.cjs <file.ts> [arguments]`: runs a source file as a process of its
 * own, compiled like Jest compiles it, for suites that kill and signal real processes.
 */
const { readFileSync, existsSync } = require('node:fs');
const Module = require('node:module');
const { join, resolve, dirname } = require('node:path');
const { transformSync } = require('@swc/core');

const root = resolve(__dirname, '../..');
const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));

/** Where an alias or a relative `.js` leads in the sources; undefined for packages. */
function sourceOf(request, from) {
  if (request.startsWith('.') && request.endsWith('.js')) {
    const file = resolve(dirname(from), request.replace(/\.js$/, '.ts'));
    return existsSync(file) ? file : undefined;
  }
  for (const [alias, [target]] of Object.entries(compilerOptions.paths)) {
    const [head, tail] = alias.split('*');
    if (tail === undefined ? request === alias : request.startsWith(head)) {
      return resolve(root, target.replace('*', request.slice(head.length)));
    }
  }
  return undefined;
}

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, parent, ...rest) {
  const source = parent?.filename?.endsWith('.ts') ? sourceOf(request, parent.filename) : undefined;
  return source ?? resolveFilename.call(this, request, parent, ...rest);
};

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    swcrc: false,
    sourceMaps: 'inline',
    module: { type: 'commonjs' },
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
  });
  module._compile(code, filename);
};

const [file, ...rest] = process.argv.slice(2);
process.argv = [process.argv[0], resolve(file), ...rest];
require(resolve(file));
