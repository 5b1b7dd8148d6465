import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { countsOf, REPORTS, sumOf } from './jest-reports.mjs';
import { build, install, root } from './prepare.mjs';

/**
 * The suites, quick ones first, so that a mistake shows early. Without a pattern all of them run;
 * with arguments Jest gets them as they are. With PARLEY_COVERAGE (a folder) they also write down there what they
 * run of `libs/`; scripts/coverage.mjs adds it up.
 */
const SUITES = [
  { name: 'units', pattern: '\\.spec\\.ts$' },
  { name: 'integration', pattern: '\\.int-spec\\.ts$' },
  { name: 'system', pattern: '\\.e2e-spec\\.ts$' },
];

function jest(args) {
  const bin = join(root, 'node_modules/jest/bin/jest.js');
  return spawnSync(process.execPath, [bin, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;
}

/** Emptied first; open to all, since a suite that runs as root starts programs as another user. */
function prepareCoverage(folder) {
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['tests', 'programs']) {
    mkdirSync(join(folder, name), { recursive: true });
    chmodSync(join(folder, name), 0o777);
  }
}

install();
build();
if (process.env.PARLEY_COVERAGE !== undefined) prepareCoverage(process.env.PARLEY_COVERAGE);
const given = process.argv.slice(2);
if (given.length > 0) process.exit(jest(given));

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });
const counts = [];
let status = 0;
for (const { name, pattern } of SUITES) {
  console.log(`\n── ${name}`);
  const workers = name === 'units' ? [] : ['--maxWorkers=2'];
  const report = `--outputFile=${join(REPORTS, `${name}.json`)}`;
  const code = jest(['--testPathPatterns', pattern, '--json', report, '--silent', '--passWithNoTests', ...workers]);
  status ||= code;
  counts.push(countsOf(`${name}.json`));
}
const total = sumOf(counts);
if (total.skipped > 0)
  console.log('\nWhat was skipped needs a server that is not installed here; the suites say which.');
console.log(`\nIn all: ${total.passed} passed · ${total.failed} failed · ${total.skipped} skipped`);
process.exit(status);
