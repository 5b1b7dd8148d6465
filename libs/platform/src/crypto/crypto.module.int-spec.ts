import { randomBytes } from 'node:crypto';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ClockModule } from '../clock/index.js';
import { ConfigModule, configSchema } from '../config/index.js';
import { Database, NO_ORGANISATION } from '../database/index.js';
import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { CryptoModule, SealedFields } from './index.js';

describe('CryptoModule', () => {
  let test: TestDatabase;

  beforeAll(async () => {
    test = await openTestDatabase();
  });
  afterAll(() => test.close());

  const start = async (kek: string) => {
    @Global()
    @Module({
      providers: [{ provide: Database, useValue: { as: test.database.as.bind(test.database) } }],
      exports: [Database],
    })
    class TestDatabaseModule {}
    const config = configSchema.parse({ keys: { kek } });
    const module = await Test.createTestingModule({
      imports: [ConfigModule.forRoot(config), ClockModule, TestDatabaseModule, CryptoModule],
    }).compile();
    return module.init();
  };

  it('is ready after the start, and refuses the start with another key', async () => {
    const kek = randomBytes(32).toString('base64');
    const module = await start(kek);
    const place = { table: 'notes', column: 'text_sealed', rowId: 'n1', orgId: null };
    const sealed = await module.get(SealedFields).seal(NO_ORGANISATION, { ...place, purpose: 'note' }, 'kept');
    await module.close();
    await expect(start(randomBytes(32).toString('base64'))).rejects.toThrow('which is not here');
    const again = await start(kek);
    expect(await again.get(SealedFields).open(NO_ORGANISATION, place, sealed)).toBe('kept');
    await again.close();
  });
});
