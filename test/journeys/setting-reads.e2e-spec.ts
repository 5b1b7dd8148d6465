import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { openUseCases } from '../../libs/use-cases/src/use-cases.factory.js';
import { isDeep } from '../support/ledger/random.js';
import { ROOT } from '../support/root.js';

const SUPPORT = join(ROOT, 'test/support/mutation');
/** What may notice a setting that is not read: quick suites first. */
const SUITES = ['libs/use-cases/src/(components|turn|catalogue)/.*spec', 'test/journeys/setting-effects'];
const PATIENCE_MS = 300_000;

interface Read {
  readonly file: string;
  readonly line: number;
  readonly setting: string;
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/**
 * Whether the suites notice it when one read of one setting yields its default whatever was set: half an hour's work.
 */
describe('every read of a setting of basic_chat', () => {
  const defaults = new Map<string, unknown>();
  let reads: readonly Read[];

  beforeAll(async () => {
    const open = await openUseCases();
    for (const [path, value] of open.catalogue.find('basic_chat')?.settings.values() ?? []) {
      defaults.set(path.split('.').at(-1) ?? path, value);
    }
    await open.close();
    reads = findReads([...defaults.keys()]);
  }, 60_000);

  it('is found, and every setting has one', () => {
    expect([...new Set(reads.map(({ setting }) => setting))].sort()).toEqual([...defaults.keys()].sort());
  });

  if (isDeep) {
    it(
      'leaves the suites green as it is',
      () => {
        const [read] = reads;
        if (read === undefined) throw new Error('there is no read');
        for (const suite of SUITES)
          expect(run(suite, { file: read.file, start: 0, end: 0, replacement: '' })).toBe('green');
      },
      PATIENCE_MS,
    );

    it(
      'is noticed when it yields the default',
      () => {
        const unnoticed = reads.filter(({ file, start, end, before, after, setting }) => {
          const replacement = `${before}${JSON.stringify(defaults.get(setting))}${after}`;
          return SUITES.every((suite) => run(suite, { file, start, end, replacement }) === 'green');
        });
        expect(unnoticed.map(({ file, line, setting }) => `${file}:${line} ${setting}`)).toEqual([]);
      },
      40 * PATIENCE_MS,
    );
  }
});

function findReads(names: readonly string[]): readonly Read[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(SUPPORT, 'reads.mjs'), ...names], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const found: readonly Read[] = JSON.parse(stdout);
  return found;
}

function run(suite: string, mutant: object): 'green' | 'red' {
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  const args = [jest, '-c', join(SUPPORT, 'jest.config.mjs'), '--bail', '--silent', '--testPathPatterns', suite];
  const { JEST_WORKER_ID: _, ...inherited } = process.env;
  const env = { ...inherited, PARLEY_TEST_MUTANT: JSON.stringify(mutant) };
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  });
  // Jest tells of both in its summary; anything else is a fault of the run, which notices nothing.
  if (!/^Tests: /m.test(stderr) || stderr.includes('Test suite failed to run'))
    throw new Error(`the suites did not run:\n${stderr.slice(-2000)}`);
  return status === 0 ? 'green' : 'red';
}
