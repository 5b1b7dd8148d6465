import { transformSync } from '@swc/core';

/** An example in TypeScript as a module that Node runs. */
export function compileTypeScript(program: string): string {
  return transformSync(program, {
    swcrc: false,
    module: { type: 'es6' },
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  }).code;
}
