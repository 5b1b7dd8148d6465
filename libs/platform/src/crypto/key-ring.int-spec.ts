import { createHash, randomBytes } from 'node:crypto';
import { SettableClock } from '../clock/index.js';
import { configSchema } from '../config/index.js';
import { NO_ORGANISATION } from '../database/index.js';
import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { KeyRingError } from './crypto.errors.js';
import { DataKeysRepository, type KeyScope } from './data-keys.repository.js';
import { KeyRing } from './key-ring.js';

const MOST = 2 ** 30;
const kek = randomBytes(32).toString('base64');
const idOf = (text: string) => createHash('sha256').update(Buffer.from(text, 'base64')).digest('hex').slice(0, 12);

describe('KeyRing', () => {
  let test: TestDatabase;
  let orgId: string;

  beforeAll(async () => {
    test = await openTestDatabase();
    const { rows } = await test.pool.query('select id from organisations');
    orgId = rows[0].id;
  });
  beforeEach(() => test.pool.query('delete from data_keys'));
  afterAll(() => test.close());

  const ring = (keys: { kek?: string; older?: Record<string, string> } = {}) => {
    const config = configSchema.parse({ keys: { kek, ...keys } });
    return new KeyRing(config, new DataKeysRepository(test.database), new SettableClock(1_700_000_000_000));
  };
  const leaf = (over: Partial<KeyScope> = {}): KeyScope => ({
    level: 'leaf',
    purpose: 'note',
    orgId,
    subject: null,
    ...over,
  });
  const stored = async () => {
    const { rows } = await test.pool.query('select * from data_keys order by id');
    return rows;
  };

  it('hangs leaves under the organisation’s key, and that under the key-encryption key', async () => {
    const key = await ring().take(leaf({ subject: 'usr_1' }));
    const rows = await stored();
    const organisation = rows.find((row) => row.level === 'organisation');
    expect(rows).toHaveLength(2);
    expect(organisation).toMatchObject({ org_id: orgId, subject: null, state: 'active', wrapped_by: idOf(kek) });
    expect(rows.find((row) => row.level === 'leaf')).toMatchObject({
      id: key.id,
      purpose: 'note',
      org_id: orgId,
      subject: 'usr_1',
      wrapped_by: organisation.id,
      created_at: new Date(1_700_000_000_000),
    });
  });

  it('hangs leaves of global rows under the installation’s key', async () => {
    await ring().take(leaf({ orgId: null }));
    const rows = await stored();
    expect(rows.map(({ level, org_id }) => [level, org_id])).toEqual([
      ['installation', null],
      ['leaf', null],
    ]);
  });

  it('stores no key as it is, in no encoding', async () => {
    const keys = ring();
    const key = await keys.take(leaf());
    const organisation = (await stored()).find((row) => row.level === 'organisation');
    const secrets = [key.key, await keys.key(organisation.id), Buffer.from(kek, 'base64')];
    const text = JSON.stringify(await stored());
    for (const secret of secrets)
      for (const encoding of ['hex', 'base64', 'base64url'] as const)
        expect(text).not.toContain(secret.toString(encoding).slice(0, 40));
    // The search finds what is there.
    expect(text).toContain(key.id);
  });

  it('gives the same leaf again, also after a restart, and another one for each scope', async () => {
    const before = ring();
    const first = await before.take(leaf());
    expect(await before.take(leaf())).toEqual(first);
    const after = ring();
    const again = await after.take(leaf());
    expect([again.id, again.key]).toEqual([first.id, first.key]);
    const others = [leaf({ subject: 'usr_1' }), leaf({ purpose: 'other' }), leaf({ orgId: null })];
    const ids = await Promise.all(others.map(async (scope) => (await after.take(scope)).id));
    expect(new Set([first.id, ...ids]).size).toBe(4);
  });

  it('opens by id what another process made', async () => {
    const made = await ring().take(leaf());
    expect(await ring().key(made.id)).toEqual(made.key);
    await expect(ring().key('dek_00000000000000000000000000')).rejects.toThrow('there is no data key');
  });

  it('makes one key when two processes need it at once', async () => {
    const [one, two] = [ring(), ring()];
    const takeBoth = async (subject: string) => {
      const keys = await Promise.all([one, two, one, two].map((each) => each.take(leaf({ subject }))));
      return new Set(keys.map(({ id }) => id));
    };
    const taken = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(takeBoth));
    expect(taken.map((ids) => ids.size)).toEqual([1, 1, 1, 1, 1]);
    const rows = await stored();
    expect(rows.filter((row) => row.level === 'leaf')).toHaveLength(5);
    expect(rows.filter((row) => row.level === 'organisation')).toHaveLength(1);
    // Each of the two opens what the other one sealed with it.
    const [id = ''] = taken[0] ?? [];
    expect(await one.key(id)).toEqual(await two.key(id));
  });

  it('makes one key when two processes race for its place in the database', async () => {
    const repository = new DataKeysRepository(test.database);
    const scope = leaf();
    const attempt = (id: string) =>
      repository.replace(
        NO_ORGANISATION,
        scope,
        { id, level: 'leaf', orgId, wrappedBy: 'dek_0', wrapped: 'pe1' },
        {
          values: 1,
          limit: MOST,
          at: new Date(),
        },
      );
    const won = await Promise.all(['dek_a', 'dek_b', 'dek_c', 'dek_d'].map(attempt));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await stored()).toHaveLength(1);
  });

  describe('counts what a key may have sealed', () => {
    const reserved = async (id: string) => (await stored()).find((row) => row.id === id)?.reserved;

    it('ahead of it, so that a killed process is counted too', async () => {
      const first = await ring().take(leaf());
      const block = await reserved(first.id);
      expect(block).toBeGreaterThan(0);
      await ring().take(leaf());
      expect(await reserved(first.id)).toBe(2 * block);
    });

    it('and sets more aside when a block is used up', async () => {
      const keys = ring();
      const first = await keys.take(leaf());
      const block = await reserved(first.id);
      for (let used = 1; used < block; used += 1) await keys.take(leaf());
      expect(await reserved(first.id)).toBe(block);
      // All who find it used up at once share the next block.
      await Promise.all(Array.from({ length: 50 }, () => keys.take(leaf())));
      expect(await reserved(first.id)).toBe(2 * block);
    });

    it('and replaces it before it passes 2^30 values; it still opens', async () => {
      const first = await ring().take(leaf());
      await test.pool.query('update data_keys set reserved = $1 where id = $2', [MOST - 4095, first.id]);
      const [next, same] = await Promise.all([ring().take(leaf()), ring().take(leaf())]);
      expect(next.id).not.toBe(first.id);
      expect(same.id).toBe(next.id);
      const states = (await stored()).filter((row) => row.level === 'leaf').map(({ id, state }) => [id, state]);
      expect(states).toEqual(
        expect.arrayContaining([
          [first.id, 'retired'],
          [next.id, 'active'],
        ]),
      );
      expect(await ring().key(first.id)).toEqual(first.key);
    });

    it('and uses it to the last block before', async () => {
      const first = await ring().take(leaf());
      await test.pool.query('update data_keys set reserved = $1 where id = $2', [MOST - 4096, first.id]);
      expect((await ring().take(leaf())).id).toBe(first.id);
      expect(await reserved(first.id)).toBe(MOST);
      expect((await ring().take(leaf())).id).not.toBe(first.id);
    });
  });

  describe('at start', () => {
    it('is content with an empty database, and with its own keys', async () => {
      await expect(ring().onApplicationBootstrap()).resolves.toBeUndefined();
      await ring().take(leaf());
      await expect(ring().verify()).resolves.toBeUndefined();
    });

    it('refuses another key-encryption key, naming the id that is missing and no key', async () => {
      await ring().take(leaf());
      const other = randomBytes(32).toString('base64');
      const start = ring({ kek: other }).onApplicationBootstrap();
      await expect(start).rejects.toThrow(KeyRingError);
      await expect(ring({ kek: other }).take(leaf())).rejects.toThrow(
        `${idOf(kek)}, which is not here (present: ${idOf(other)})`,
      );
      await expect(ring({ kek: other }).verify()).rejects.not.toThrow(other);
    });

    it('takes a new one when the earlier one is there to unwrap', async () => {
      const first = await ring().take(leaf());
      const other = randomBytes(32).toString('base64');
      const both = ring({ kek: other, older: { [idOf(kek)]: kek } });
      await expect(both.verify()).resolves.toBeUndefined();
      expect((await both.take(leaf())).id).toBe(first.id);
      await both.take(leaf({ orgId: null }));
      const wrappers = (await stored()).filter((row) => row.level !== 'leaf').map((row) => row.wrapped_by);
      expect(wrappers.sort()).toEqual([idOf(kek), idOf(other)].sort());
    });

    it('refuses a row that was changed, by its id', async () => {
      await ring().take(leaf());
      const { rows } = await test.pool.query(
        "update data_keys set org_id = null where level = 'organisation' returning id",
      );
      await expect(ring().verify()).rejects.toThrow(
        `The data key ${rows[0].id} does not open with the key-encryption key ${idOf(kek)}`,
      );
    });

    it('tries again when the database was away', async () => {
      const repository = new DataKeysRepository(test.database);
      const away = jest.spyOn(repository, 'oldestByWrappingKey').mockRejectedValueOnce(new Error('away'));
      const keys = new KeyRing(configSchema.parse({ keys: { kek } }), repository, new SettableClock());
      await expect(keys.verify()).rejects.toThrow('away');
      await expect(keys.take(leaf())).resolves.toMatchObject({ id: expect.stringMatching(/^dek_/) });
      expect(away).toHaveBeenCalledTimes(2);
    });
  });
});
