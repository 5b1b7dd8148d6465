import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCommit } from './program-commit.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

describe('findCommit', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-commit-'));
    await mkdir(join(folder, 'dist/apps/api'), { recursive: true });
    await mkdir(join(folder, '.git/refs/heads'), { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));
  const find = () => findCommit(join(folder, 'dist/apps/api'));

  it('reads the file that an image was built with, before the repository', async () => {
    await writeFile(join(folder, '.git/HEAD'), B);
    await writeFile(join(folder, 'COMMIT'), `${A}\n`);
    expect(find()).toBe(A);
  });

  it('follows the branch of the repository, loose or packed, or takes a detached head', async () => {
    await writeFile(join(folder, '.git/HEAD'), 'ref: refs/heads/main\n');
    expect(find()).toBeNull();
    await writeFile(join(folder, '.git/packed-refs'), `# pack-refs\n${A} refs/heads/other\n${B} refs/heads/main\n`);
    expect(find()).toBe(B);
    await writeFile(join(folder, '.git/refs/heads/main'), `${A}\n`);
    expect(find()).toBe(A);
    await writeFile(join(folder, '.git/HEAD'), `${B}\n`);
    expect(find()).toBe(B);
  });

  it('believes nothing that is no revision', async () => {
    await writeFile(join(folder, 'COMMIT'), 'main');
    await writeFile(join(folder, '.git/HEAD'), 'ref: refs/../../secret');
    expect(find()).toBeNull();
  });
});
