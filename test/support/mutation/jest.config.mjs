import { join } from 'node:path';
import base from '../../../jest.config.mjs';

const ROOT = join(import.meta.dirname, '../../..');
const [[typescript, [, options]], ...others] = Object.entries(base.transform);

/** The suites as they are, over one mutant. */
export default {
  ...base,
  rootDir: ROOT,
  transform: {
    [typescript]: [join(import.meta.dirname, 'transform.cjs'), options],
    ...Object.fromEntries(others),
  },
};
