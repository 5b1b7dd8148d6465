import { readFileSync } from 'node:fs';
import { errorCode } from './error-code.js';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('why a file could not be read', () => {
  it.each([
    ['/nonexistent/secret-name', 'ENOENT'],
    ['/', 'EISDIR'],
    ['/dev/null/secret-name', 'ENOTDIR'],
  ])('%s: the code of the system, and no name', (path, code) => {
    expect(errorCode(thrownBy(() => readFileSync(path)))).toBe(code);
  });

  it.each([[new Error('secret')], [{ code: 7 }], ['secret'], [null], [undefined]])(
    '%j has no code to tell',
    (thrown) => {
      expect(errorCode(thrown)).toBe('unknown cause');
    },
  );
});
