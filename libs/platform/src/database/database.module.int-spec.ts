import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Migration, sql } from 'kysely';
import { type Config, ConfigModule, configSchema } from '../config/index.js';
import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { DatabaseAccess } from './access.js';
import { Database, NO_ORGANISATION } from './database.js';
import { DatabaseModule } from './database.module.js';
import { readPostmaster } from './embedded/postmaster-file.js';
import { openDatabase } from './open-database.js';
import { SchemaState } from './schema-state.js';

const migrations: Record<string, Migration> = {
  '0001': {
    up: async (db) => {
      await sql`create table notes (n int)`.execute(db);
    },
  },
};

let apps: INestApplicationContext[] = [];
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  apps = [];
});

async function boot(
  config: Partial<Config['database']>,
  more: Partial<Config> = {},
  presence: 'serve' | 'join' = 'join',
) {
  const defaults = configSchema.parse({});
  const whole: Config = { ...defaults, ...more, database: { ...defaults.database, ...config } };
  const access = await openDatabase(whole, { presence, schema: { migrations } });
  const app = await NestFactory.createApplicationContext(
    {
      module: class {},
      imports: [ConfigModule.forRoot(whole), DatabaseModule.forAccess(access, { migrations })],
    },
    { logger: false, abortOnError: false },
  );
  apps.push(app);
  return app;
}

function countNotes(app: INestApplicationContext) {
  return app.get(Database).as(NO_ORGANISATION, (db) => sql<{ n: number }>`select count(*) as n from notes`.execute(db));
}

describe('DatabaseModule on the embedded PostgreSQL', () => {
  let base: string;
  let dataDir: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'parley-module-'));
    await chmod(base, 0o755);
    dataDir = join(base, 'data');
  });
  afterEach(() => rm(base, { recursive: true, force: true }));
  const postmaster = () => readPostmaster(join(dataDir, 'postgres', 'pgdata'));

  it('needs nothing but a data directory, and leaves nothing running', async () => {
    const app = await boot({}, { data_dir: dataDir }, 'serve');
    expect((await countNotes(app)).rows).toEqual([{ n: 0 }]);
    expect(app.get(DatabaseAccess)).toMatchObject({
      mode: 'embedded',
      location: join(dataDir, 'postgres'),
      oneRole: false,
    });
    await app.close();
    expect(await postmaster()).toBeUndefined();
  });

  it('leaves nothing running when it refuses to start', async () => {
    const refused = boot({ migrate_on_start: false }, { data_dir: dataDir }, 'serve');
    await expect(refused).rejects.toThrow('not migrated (pending: 0001). Run: parley migrate');
    expect(await postmaster()).toBeUndefined();
  });
});

describe('DatabaseModule on a server', () => {
  let test: TestDatabase;
  beforeEach(async () => {
    test = await openTestDatabase({ migrated: false });
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await test.close();
  });
  const both = () => ({ url: test.appUrl, migration_url: test.ownerUrl });

  it('migrates as owner, works as the other role, and tells what it found', async () => {
    const app = await boot(both(), { env: 'production' });
    expect((await countNotes(app)).rows).toEqual([{ n: 0 }]);
    expect(await app.get(SchemaState).read()).toMatchObject({ pending: [], drift: [], stale: [], forbidden: [] });
    const access = app.get(DatabaseAccess);
    expect(access.mode).toBe('server');
    expect(access.location).not.toContain(new URL(test.appUrl).password);
  });

  it('serves without the owner once it is migrated, and not before', async () => {
    const alone = { url: test.appUrl, migrate_on_start: false };
    await expect(boot(alone)).rejects.toThrow('not migrated');
    await boot(both());
    await expect(boot(alone, { env: 'production' })).resolves.toBeDefined();
  });

  it('refuses one role for both in production, and only there', async () => {
    await expect(boot({ url: test.ownerUrl }, { env: 'production' })).rejects.toThrow('also runs the migrations');
    expect((await countNotes(await boot({ url: test.ownerUrl }))).rows).toEqual([{ n: 0 }]);
    const owning = { url: test.ownerUrl, migration_url: test.appUrl };
    await expect(boot(owning, { env: 'production' })).rejects.toThrow('owns tables');
  });

  it('mends missing grants at the start', async () => {
    await boot({ url: test.ownerUrl });
    await expect(boot({ url: test.appUrl, migrate_on_start: false })).rejects.toThrow('may not read migration');
    expect((await countNotes(await boot(both()))).rows).toEqual([{ n: 0 }]);
  });

  it('says that a server cannot be reached, without its password', async () => {
    const error = await boot({ url: 'postgresql://app:pa55word@127.0.0.1:1/parley' }).catch(
      (thrown: unknown) => thrown,
    );
    expect(String(error)).toContain('DATABASE_URL cannot be reached (ECONNREFUSED)');
    expect(String(error)).not.toContain('pa55word');
  });

  it('says that the server refuses the password, without it', async () => {
    const url = test.appUrl.replace(/:[^:@/]+@/, ':pa55word@');
    const error = await boot({ url }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('refuses the connection (28P01)');
    expect(String(error)).not.toContain('pa55word');
  });
});
