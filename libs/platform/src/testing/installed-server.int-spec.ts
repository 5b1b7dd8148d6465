import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../../../../test/support/root.js';

const SUITES = `
  const { describeWhen } = require(${JSON.stringify(join(import.meta.dirname, 'installed-server.ts'))});
  describeWhen('/bin/there', 'unused', 'with it', (program) => it('gets ' + program, () => undefined));
  describeWhen(null, 'there is no such server', 'without it', () => it('works', () => undefined));
`;

const report = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});

/** Runs a file of suites as `npm test` would, on a machine that lacks a server. */
async function results(required: string): Promise<Record<string, { status: string; why: string }>> {
  const home = await mkdtemp(join(tmpdir(), 'parley-suites-'));
  await writeFile(join(home, 'some.spec.ts'), SUITES);
  const args = [join(ROOT, 'node_modules/jest/bin/jest.js'), '--roots', home, '--json'];
  const env = { ...process.env, PARLEY_TEST_REQUIRE_SERVERS: required };
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, env }, (_error, stdout) => resolve(stdout));
  });
  await rm(home, { recursive: true });
  const [file] = report.parse(JSON.parse(said)).testResults;
  return Object.fromEntries(
    (file?.assertionResults ?? []).map(({ fullName, status, failureMessages }) => [
      fullName,
      { status, why: failureMessages.join().split('\n')[0] ?? '' },
    ]),
  );
}

describe('a suite that needs a server', () => {
  it('is skipped where there is none, and says so by its name', async () => {
    expect(await results('')).toEqual({
      'with it gets /bin/there': { status: 'passed', why: '' },
      'without it (SKIPPED: there is no such server) was not run': { status: 'pending', why: '' },
    });
  });

  it('fails there where servers are required', async () => {
    expect(await results('1')).toEqual({
      'with it gets /bin/there': { status: 'passed', why: '' },
      'without it runs on a real server': { status: 'failed', why: 'Error: there is no such server' },
    });
  });
});
