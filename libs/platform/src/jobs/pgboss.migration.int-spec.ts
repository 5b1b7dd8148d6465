import { readFile } from 'node:fs/promises';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import pg from 'pg';
import { getRollbackPlans } from 'pg-boss';
import { jobSchema, PGBOSS_SCHEMA_VERSION } from './pgboss.migration.js';

describe('schema of the job queue', () => {
  let test: TestDatabase;
  let owner: pg.Client;
  beforeAll(async () => {
    test = await openTestDatabase({ migrated: false });
    owner = new pg.Client({ connectionString: test.ownerUrl });
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await test.close();
  });

  it('knows the version of the pinned package', async () => {
    const text = await readFile(require.resolve('pg-boss/package.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ version: '12.35.0', pgboss: { schema: PGBOSS_SCHEMA_VERSION } });
  });

  it('is made, made again without harm, upgraded from an older one, and removed', async () => {
    expect(await jobSchema.isCurrent(owner)).toBe(false);
    await jobSchema.up(owner);
    expect(await jobSchema.isCurrent(owner)).toBe(true);
    await jobSchema.up(owner);

    await owner.query(getRollbackPlans('pgboss', PGBOSS_SCHEMA_VERSION));
    expect(await jobSchema.isCurrent(owner)).toBe(false);
    await jobSchema.up(owner);
    expect(await jobSchema.isCurrent(owner)).toBe(true);

    await jobSchema.down(owner);
    expect(await jobSchema.isCurrent(owner)).toBe(false);
    await jobSchema.down(owner);
  });

  it('cannot be made by the application', async () => {
    const app = new pg.Client({ connectionString: test.appUrl });
    await app.connect();
    await expect(jobSchema.up(app)).rejects.toMatchObject({ message: expect.stringMatching(/permission denied/) });
    await app.end();
  });
});
