import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.mjs';

/** Where `npm test` leaves Jest's own reports, one a kind of suite. */
export const REPORTS = join(root, '.cache/results');

export function countsOf(file) {
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites } = JSON.parse(
    readFileSync(join(REPORTS, file), 'utf8'),
  );
  // A suite that did not even load has no failed tests of its own.
  return { passed: numPassedTests, failed: Math.max(numFailedTests, numFailedTestSuites), skipped: numPendingTests };
}

export function sumOf(counts) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const one of counts) for (const key of Object.keys(total)) total[key] += one[key];
  return total;
}
