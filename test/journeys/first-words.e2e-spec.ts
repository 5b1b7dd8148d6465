import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { ROOT } from '../support/root.js';

const MAIN = { api: 'dist/apps/api/src/main.js', worker: 'dist/apps/worker/src/main.js' } as const;
const line = z.looseObject({ level: z.string(), time: z.iso.datetime(), msg: z.string(), context: z.string() });

interface End {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function runToTheEnd(env: Readonly<Record<string, string>>, role: keyof typeof MAIN = 'api'): Promise<End> {
  const child = spawn(process.execPath, [join(ROOT, MAIN[role])], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', PARLEY_ENV: 'test', HOST: '127.0.0.1', PORT: '0', ...env },
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (bytes: Buffer) => {
    said.out += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    said.err += bytes.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...said };
}

const linesOf = (text: string): string[] => text.split('\n').filter((each) => each !== '');

describe('what a start says first', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-words-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  it('is JSON from the first line on, in order, and the greeting comes last', async () => {
    const node = await ParleyNode.start({ env: { PARLEY_DATA_DIR: folder, PARLEY__LOG__LEVEL: 'info' } });
    const { log } = node;
    await node.stop();
    const [before = ''] = log.split(/^Parley /m);
    const lines = linesOf(before).map((text) => line.parse(JSON.parse(text)));
    expect(lines[0]).toMatchObject({ level: 'info', context: 'Schema', msg: expect.stringContaining('Applied 0001') });
    expect(lines.at(-1)).toMatchObject({ msg: 'Nest application successfully started' });
    expect(lines.map(({ time }) => time)).toEqual(lines.map(({ time }) => time).sort());
    expect(lines.map(({ context }) => context)).not.toContain('RouterExplorer');
  }, 60_000);

  it('obeys the level from the first line on', async () => {
    const node = await ParleyNode.start({ env: { PARLEY_DATA_DIR: folder, PARLEY__LOG__LEVEL: 'error' } });
    const { log } = node;
    await node.stop();
    expect(log).toMatch(/^Parley .* is ready/);
  }, 60_000);

  it('goes to the log file as well', async () => {
    const path = join(folder, 'log/parley');
    const env = { PARLEY_DATA_DIR: folder, PARLEY__LOG__LEVEL: 'info', PARLEY__LOG__FILE__PATH: path };
    await (await ParleyNode.start({ env })).stop();
    expect(readFileSync(`${path}.1.log`, 'utf8')).toContain('Applied 0001');
  }, 60_000);
});

describe('a start that is refused', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-refusal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  /** One message and no stack, neither beside it nor in the log. */
  function expectRefusal({ code, out, err }: End, words: readonly string[]): void {
    expect(linesOf(err)).toEqual(words);
    expect(code).toBe(1);
    expect(out).not.toMatch(/\\n {4}at |"level":"(?:error|fatal)"/);
  }

  it.each(['api', 'worker'] as const)(
    'names file and line of what is wrong with use cases: %s',
    async (role) => {
      const dir = join(folder, 'use-cases');
      mkdirSync(join(dir, 'broken'), { recursive: true });
      writeFileSync(join(dir, 'broken/use-case.yaml'), 'id: broken\ntitle: 7up-secret\n  x: [\n');
      writeFileSync(join(dir, 'nobody.yaml'), 'settings: { model: secret-value }\n');
      const end = await runToTheEnd({ PARLEY_DATA_DIR: join(folder, 'data'), PARLEY__USE_CASES__DIR: dir }, role);
      const [first, second, ...rest] = linesOf(end.err);
      expect(first).toBe('Parley did not start: The use cases cannot be loaded:');
      expect(second).toContain(`${join(dir, 'broken/use-case.yaml')}:2 `);
      expect(rest.at(-1)).toBe(`  ${join(dir, 'nobody.yaml')} / is named as no use case`);
      expect(end.out + end.err).not.toMatch(/secret/);
      expectRefusal(end, linesOf(end.err));
    },
    60_000,
  );

  it('names the variable of a weak administrator password', async () => {
    const env = { PARLEY_DATA_DIR: folder, PARLEY_ADMIN_EMAIL: 'first@example.com' };
    const end = await runToTheEnd({ ...env, PARLEY_ADMIN_PASSWORD: 'zQ9-x' });
    expectRefusal(end, [
      'Parley did not start: The configuration was refused:',
      '  PARLEY_ADMIN_PASSWORD: this password is too weak for an administrator. It has fewer than 8 characters.',
    ]);
    const file = join(folder, 'password');
    writeFileSync(file, 'zQ9-x\n');
    const again = await runToTheEnd({ ...env, PARLEY_ADMIN_PASSWORD_FILE: file });
    expect(again.err).toContain('\n  PARLEY_ADMIN_PASSWORD_FILE: this password is too weak');
    expect(end.out + again.out + again.err).not.toContain('zQ9-x');
  }, 60_000);

  it('names the setting of a log file that cannot be written', async () => {
    const path = join(folder, 'password/parley');
    writeFileSync(join(folder, 'password'), '');
    const end = await runToTheEnd({ PARLEY_DATA_DIR: join(folder, 'data'), PARLEY__LOG__FILE__PATH: path });
    expectRefusal(end, [
      'Parley did not start: The configuration was refused:',
      `  PARLEY__LOG__FILE__PATH: the log file ${path} cannot be written (EEXIST)`,
    ]);
  });
});
