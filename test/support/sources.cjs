/** Lets a process of its own load the sources as they stand, without a build, compiled as Jest compiles them. */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { createTransformer } = require('@swc/jest');
const options = require('./swc-options.cjs');

const swc = createTransformer(options);

Module._extensions['.ts'] = (module, filename) => {
  const { code } = swc.process(readFileSync(filename, 'utf8'), filename, { supportsStaticESM: false });
  module._compile(code, filename);
};

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = (request, parent, ...rest) => {
  const fromSource = request.startsWith('.') && request.endsWith('.js') && parent?.filename?.endsWith('.ts');
  return resolveFilename(fromSource ? request.replace(/\.js$/, '.ts') : request, parent, ...rest);
};
