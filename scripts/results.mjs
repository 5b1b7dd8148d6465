import { readdirSync } from 'node:fs';
import { countsOf, REPORTS, sumOf } from './jest-reports.mjs';

/** Adds up Jest's own reports into the one closing line. */
const { passed, failed, skipped } = sumOf(readdirSync(REPORTS).map(countsOf));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
