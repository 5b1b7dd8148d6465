import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyRingError } from './crypto.errors.js';
import { openWrappingKeys } from './wrapping-keys.js';

const idOf = (key: Buffer) => createHash('sha256').update(key).digest('hex').slice(0, 12);

describe('key-encryption keys', () => {
  let dataDir: string;
  let file: string;
  let warnings: string[];

  beforeEach(() => {
    dataDir = join(mkdtempSync(join(tmpdir(), 'parley-kek-')), 'data');
    file = join(dataDir, 'key-encryption-key');
    warnings = [];
  });
  afterEach(() => rmSync(join(dataDir, '..'), { recursive: true, force: true }));

  type Keys = { source: 'file' | 'env' | null; kek: string | null; older: Record<string, string> };
  const open = (keys: Partial<Keys> = {}, named: string[] = []) =>
    openWrappingKeys({ data_dir: dataDir, keys: { source: null, kek: null, older: {}, ...keys } }, named, (text) =>
      warnings.push(text),
    );
  const refusal = async (keys: Partial<Keys>, named: string[]) => {
    const thrown: unknown = await open(keys, named).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(KeyRingError);
    return thrown instanceof Error ? thrown.message : '';
  };

  describe('in the data directory', () => {
    it('are made at the first start, for their owner only, with a warning; then stay', async () => {
      const first = await open();
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(dataDir).mode & 0o777).toBe(0o700);
      expect(first.active.id).toBe(idOf(first.active.key));
      expect(warnings).toEqual([expect.stringContaining(`Made the key-encryption key ${first.active.id} in ${file}`)]);
      expect(warnings[0]).toContain('without this file are lost');
      expect(warnings[0]).not.toContain(readFileSync(file, 'utf8').trim());
      const again = await open({ source: 'file' });
      expect(again.active.key.equals(first.active.key)).toBe(true);
      expect(warnings).toHaveLength(1);
    });

    it('are the same for processes that start at once, and leave nothing half made', async () => {
      const made = await Promise.all(Array.from({ length: 8 }, () => open()));
      expect(new Set(made.map(({ active }) => active.id)).size).toBe(1);
      expect(readdirSync(dataDir)).toEqual(['key-encryption-key']);
    });

    it('are not made anew beside data that a lost one wraps', async () => {
      const message = await refusal({}, ['abcdef012345']);
      expect(message).toContain('the key-encryption key abcdef012345, which is not here (present: none)');
      expect(message).toContain(`Restore ${file} from its copy`);
      expect(readdirSync(join(dataDir, '..'))).toEqual([]);
    });

    it('refuse the start when the database names another one, by both ids', async () => {
      const { active } = await open();
      const message = await refusal({}, [active.id, 'abcdef012345']);
      expect(message).toContain(`the key-encryption key abcdef012345, which is not here (present: ${active.id})`);
      expect(message).not.toContain(readFileSync(file, 'utf8').trim());
      expect((await open({}, [active.id])).active.id).toBe(active.id);
    });

    it('warn when others may read them', async () => {
      await open();
      chmodSync(file, 0o644);
      await open();
      expect(warnings.at(-1)).toBe(`Others than its owner may read ${file}: chmod 600 it.`);
    });

    it('refuse a file that holds no key, without showing it', async () => {
      mkdirSync(dataDir);
      writeFileSync(file, 'planted');
      const message = await refusal({}, []);
      expect(message).toBe(`${file} does not hold a key (base64 of 32 bytes): restore it from its copy.`);
      rmSync(file);
      mkdirSync(file);
      expect(await refusal({}, [])).toBe(`${file} cannot be read (EISDIR).`);
    });
  });

  describe('in the environment', () => {
    const key = randomBytes(32);
    const older = randomBytes(32);
    const kek = key.toString('base64');

    it('are used as they are, and nothing is written', async () => {
      for (const source of [null, 'env' as const]) {
        const keys = await open({ source, kek }, [idOf(key)]);
        expect(keys.active.key.equals(key)).toBe(true);
      }
      expect(warnings).toEqual([]);
      expect(readdirSync(join(dataDir, '..'))).toEqual([]);
    });

    it('refuse the start when the database names another one, by its id and how to hand it over', async () => {
      const message = await refusal({ kek }, [idOf(older)]);
      expect(message).toContain(`${idOf(older)}, which is not here (present: ${idOf(key)})`);
      expect(message).toContain(`PARLEY_KEK_${idOf(older)}`);
      expect(message).not.toContain(kek);
    });

    it('take earlier ones for what they still wrap', async () => {
      const keys = await open({ kek, older: { [idOf(older)]: older.toString('base64') } }, [idOf(older), idOf(key)]);
      expect(keys.active.id).toBe(idOf(key));
      expect(keys.byId.get(idOf(older))?.equals(older)).toBe(true);
    });

    it('refuse source env without a key', async () => {
      expect(await refusal({ source: 'env' }, [])).toBe('PARLEY_KEK does not hold base64 of 32 bytes.');
    });
  });
});
