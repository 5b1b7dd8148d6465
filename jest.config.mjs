import typescript from './test/support/swc-options.cjs';

const javascript = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: { target: 'es2022', keepClassNames: true, parser: { syntax: 'ecmascript' } },
};

/** Nest 12 is ESM only and Jest's own ESM mode cannot run it: everything, packages too, is compiled to CommonJS. */
export default {
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  testEnvironment:
    process.env.PARLEY_COVERAGE === undefined ? 'node' : '<rootDir>/test/support/coverage-environment.cjs',
  testTimeout: 30_000,
  testRegex: '\\.(spec|int-spec|e2e-spec)\\.ts$',
  resolver: '<rootDir>/jest.resolver.cjs',
  globalSetup: '<rootDir>/test/support/global-setup.cjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.cjs',
  cacheDirectory: '<rootDir>/.cache/jest',
  transformIgnorePatterns: [],
  transform: { '^.+\\.ts$': ['@swc/jest', typescript], '^.+\\.[cm]?js$': ['@swc/jest', javascript] },
};
