import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { SettableClock } from '../clock/index.js';
import { configSchema } from '../config/index.js';
import { NO_ORGANISATION } from '../database/index.js';
import { platformErrors } from '../errors/index.js';
import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { cryptoErrors } from './crypto.errors.js';
import { DataKeysRepository } from './data-keys.repository.js';
import { KeyRing } from './key-ring.js';
import { type SealedField, SealedFields } from './sealed-fields.js';

const kek = randomBytes(32).toString('base64');

describe('SealedFields', () => {
  let test: TestDatabase;
  let fields: SealedFields;
  let field: SealedField & { orgId: string };

  beforeAll(async () => {
    test = await openTestDatabase();
    const { rows } = await test.pool.query('select id from organisations');
    field = {
      table: 'notes',
      column: 'text_sealed',
      rowId: 'n1',
      orgId: rows[0].id,
      purpose: 'note',
      subject: 'usr_1',
    };
    fields = restart();
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await test.close();
  });

  const restart = () => {
    const repository = new DataKeysRepository(test.database);
    return new SealedFields(new KeyRing(configSchema.parse({ keys: { kek } }), repository, new SettableClock()));
  };

  it('gives back what was sealed, also after a restart', async () => {
    const sealed = await fields.seal(NO_ORGANISATION, field, 'Grüße 👋');
    expect(sealed).toMatch(/^pe1\.dek_[0-9A-Z]{26}\.[\w-]{16}\.[\w-]+$/);
    expect(await fields.open(NO_ORGANISATION, field, sealed)).toBe('Grüße 👋');
    expect(await restart().open({ orgId: field.orgId }, field, sealed)).toBe('Grüße 👋');
  });

  it('seals rows of the whole installation for whoever asks', async () => {
    const global = { table: 'signing_keys', column: 'private_sealed', rowId: 'k', orgId: null, purpose: 'signing_key' };
    const sealed = await fields.seal(NO_ORGANISATION, global, 'private');
    expect(await fields.open({ orgId: field.orgId }, global, sealed)).toBe('private');
  });

  it.each<[string, Partial<SealedField>]>([
    ['another row', { rowId: 'n2' }],
    ['another column', { column: 'title_sealed' }],
    ['another table', { table: 'memos' }],
    ['no organisation', { orgId: null }],
  ])('does not open a value that was moved to %s', async (_where, moved) => {
    const sealed = await fields.seal(NO_ORGANISATION, field, 'stay');
    await expect(fields.open(NO_ORGANISATION, { ...field, ...moved }, sealed)).rejects.toMatchObject({
      code: 'DECRYPT_FAILED',
      status: 500,
    });
    expect(await fields.open(NO_ORGANISATION, field, sealed)).toBe('stay');
  });

  it.each([
    ['no envelope', 'plain'],
    ['a key that is gone', 'pe1.dek_00000000000000000000000000.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA'],
  ])('answers %s with DECRYPT_FAILED, which shows nothing, and a line in the log', async (_what, sealed) => {
    const thrown: unknown = await fields.open(NO_ORGANISATION, field, sealed).catch((error: unknown) => error);
    expect(cryptoErrors.DECRYPT_FAILED.is(thrown)).toBe(true);
    expect(thrown).toMatchObject({ message: 'A stored value could not be decrypted.' });
    expect(Logger.prototype.error).toHaveBeenLastCalledWith(
      expect.stringContaining('notes.text_sealed of n1 does not decrypt'),
    );
  });

  it('does not take a database that is away for a value that does not fit', async () => {
    const sealed = await fields.seal(NO_ORGANISATION, field, 'later');
    const repository = new DataKeysRepository(test.database);
    const away = platformErrors.DATABASE_UNAVAILABLE();
    jest.spyOn(repository, 'find').mockRejectedValueOnce(away);
    const keys = new KeyRing(configSchema.parse({ keys: { kek } }), repository, new SettableClock());
    const started = new SealedFields(keys);
    await expect(started.open(NO_ORGANISATION, field, sealed)).rejects.toBe(away);
    expect(await started.open(NO_ORGANISATION, field, sealed)).toBe('later');
  });

  it('refuses an actor of another organisation', async () => {
    const sealed = await fields.seal(NO_ORGANISATION, field, 'ours');
    const stranger = { orgId: 'org_00000000000000000000000001' };
    await expect(fields.seal(stranger, field, 'x')).rejects.toThrow('of another');
    await expect(fields.open(stranger, field, sealed)).rejects.toThrow('of another');
    expect(await fields.open({ orgId: field.orgId }, field, sealed)).toBe('ours');
  });
});
