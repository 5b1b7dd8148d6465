const { Session } = require('node:inspector');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { randomUUID } = require('node:crypto');
const { TestEnvironment } = require('jest-environment-node');

const ROOT = join(__dirname, '../..');
const LIBS = pathToFileURL(`${join(ROOT, 'libs')}/`).href;
const OUT = process.env.PARLEY_COVERAGE;

let session;

/** Once for each worker: a start anew for every file would throw away every optimised function each time. */
function counting() {
  if (session !== undefined) return session;
  session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  // Programs that the tests start inherit it, whatever else their environment is cleared of.
  process.env.NODE_V8_COVERAGE = join(OUT, 'programs');
  return session;
}

/**
 * Writes down what a test file ran of `libs/`, by V8's own counts, for `scripts/coverage.mjs` to add up. Jest's
 * `--coverage` begins and ends the count for every file and converts all in one process: ten times as long.
 */
module.exports = class CoverageEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    counting();
  }

  async teardown() {
    counting().post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw new Error(`V8 gave no coverage: ${error.message}`);
      const result = taken.result.filter(({ url }) => url.startsWith(LIBS));
      writeFileSync(join(OUT, 'tests', `${randomUUID()}.json`), JSON.stringify({ result }));
    });
    await super.teardown();
  }
};
