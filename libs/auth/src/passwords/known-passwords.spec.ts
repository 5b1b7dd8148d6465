import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testConfig } from '../auth.factory.js';
import { BreachedList } from './breached-list.js';
import { COMMON_PASSWORDS } from './common-passwords.generated.js';
import { KnownPasswords } from './known-passwords.js';

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();

describe('known passwords', () => {
  let directory: string;
  const write = async (name: string, lines: readonly string[], end = '\n') => {
    const path = join(directory, name);
    await writeFile(path, lines.join(end) + end);
    return path;
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-breached-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('ships ten thousand different common ones, none shorter than may be chosen', () => {
    const words = COMMON_PASSWORDS.trim().split(/\s+/);
    expect(new Set(words).size).toBe(10_000);
    expect(words.filter((word) => word.length < 8 || word !== word.toLowerCase())).toEqual([]);
  });

  it.each(['Password1', 'QWERTYUIOP', 'p@ssw0rd', 'Passw0rd'])('finds %j among the common ones', async (password) => {
    expect(await new KnownPasswords(testConfig()).weaknessesOf(password)).toEqual(['common']);
  });

  it('asks the list of breached ones where there is one', async () => {
    const path = await write('small.txt', [`${sha1('Tr0ub4dor&3')}:17`, sha1('another one')]);
    const known = new KnownPasswords(testConfig({ auth: { breached_list: path } }));
    expect(await known.weaknessesOf('Tr0ub4dor&3')).toEqual(['breached']);
    expect(await known.weaknessesOf('Tr0ub4dor&4')).toEqual([]);
  });

  it('bisects a long sorted list', async () => {
    const passwords = Array.from({ length: 120_000 }, (_, index) => `password number ${index}`);
    const lines = passwords.map((password, index) => `${sha1(password)}:${index}`).sort();
    const list = new BreachedList(await write('long.txt', lines, '\r\n'));
    const wanted = [0, 1, 2, 59_999, 119_998, 119_999].map((at) => lines[at]?.slice(0, 40) ?? '');
    for (const hash of wanted) expect(await list.has(hash)).toBe(true);
    for (const other of ['nobody has this', 'nor this', 'nor that']) expect(await list.has(sha1(other))).toBe(false);
    expect(await list.has('0'.repeat(40))).toBe(false);
    expect(await list.has('f'.repeat(40))).toBe(false);
  });

  it('refuses to judge by a list it cannot read', async () => {
    await expect(new BreachedList(join(directory, 'missing.txt')).has(sha1('x'))).rejects.toThrow('ENOENT');
    const path = await write('words.txt', ['hunter2']);
    await expect(new BreachedList(path).has(sha1('x'))).rejects.toThrow('no SHA-1 hash');
  });
});
