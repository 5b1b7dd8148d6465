import { execFileSync } from 'node:child_process';
import { chmod, cp, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPackage, prepareBinaries } from './postgres-binaries.js';
import { letThrough, serverIdentity } from './server-identity.js';

const identity = serverIdentity();
let base: string;
let bare: string;
let home: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'parley-binaries-'));
  await chmod(base, 0o755);
  home = join(base, 'home');
  await mkdir(home);
  await letThrough(home, identity);
  bare = join(base, 'package');
  // As `npm ci --ignore-scripts` leaves it: the files, and none of the links.
  await cp(findPackage(), bare, {
    recursive: true,
    filter: async (source) => !(await lstat(source)).isSymbolicLink() && !source.endsWith('.a'),
  });
});
afterEach(() => rm(base, { recursive: true, force: true }));

function runs(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8', ...identity });
}

describe('prepareBinaries', () => {
  it('makes the library links that npm left out', async () => {
    const binaries = await prepareBinaries(home, identity, bare);
    expect(binaries.copiedTo).toBeUndefined();
    expect(runs(binaries.postgres)).toContain(`PostgreSQL) ${binaries.major}.`);
    expect((await lstat(join(bare, 'native/lib/libicuuc.so.60'))).isSymbolicLink()).toBe(true);
  });

  (identity === undefined ? it.skip : it)('copies the programs, once, where their user cannot reach them', async () => {
    await chmod(bare, 0o700);
    const binaries = await prepareBinaries(home, identity, bare);
    expect(binaries.copiedTo?.startsWith(home)).toBe(true);
    expect(runs(binaries.initdb)).toContain(`PostgreSQL) ${binaries.major}.`);
    const { ino } = await lstat(binaries.postgres);
    const again = await prepareBinaries(home, identity, bare);
    expect((await lstat(again.postgres)).ino).toBe(ino);
  });

  it('copies them, too, where the links can be made by nobody', async () => {
    await chmod(join(bare, 'native/lib'), 0o555);
    const binaries = await prepareBinaries(home, identity, bare);
    // Root may write anywhere: there the links are simply made.
    expect(binaries.copiedTo === undefined).toBe(process.getuid?.() === 0);
    expect(runs(binaries.postgres)).toContain('PostgreSQL');
    await chmod(join(bare, 'native/lib'), 0o755);
  });
});
