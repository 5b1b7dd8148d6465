import type pg from 'pg';
import type { CompanionSchema } from '../database/index.js';

/** Schema version of the pinned pg-boss; held by a test, so that starting need not load the package. */
export const PGBOSS_SCHEMA_VERSION = 43;
const SCHEMA = 'pgboss';
/** Indexes that an upgrade builds without locking. */
const BUILD_MS = 600_000;

/**
 * The job queue's own schema: made and changed by the owner, along with our migrations; the application only uses it.
 */
export const jobSchema: CompanionSchema = {
  schema: SCHEMA,

  async isCurrent(client: pg.ClientBase | pg.Pool): Promise<boolean> {
    const found = await client.query<{ there: boolean }>("select to_regclass('pgboss.version') is not null as there");
    if (found.rows[0]?.there !== true) return false;
    const { rows } = await client.query<{ version: number }>('select version from pgboss.version');
    return rows[0]?.version === PGBOSS_SCHEMA_VERSION;
  },

  async up(owner: pg.Client): Promise<void> {
    if (await this.isCurrent(owner)) return;
    const { PgBoss } = await import('pg-boss');
    const db = { executeSql: (text: string, values?: unknown[]) => owner.query(text, values) };
    const failures: unknown[] = [];
    const boss = new PgBoss({ db, schema: SCHEMA, supervise: false, schedule: false, bamIntervalSeconds: 10 });
    boss.on('error', (error) => failures.push(error));
    await boss.start();
    try {
      const until = Date.now() + BUILD_MS;
      while (await isBuilding(owner)) {
        if (failures.length > 0 || Date.now() > until) {
          throw new Error('indexes of the job queue could not be built', { cause: failures[0] });
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    } finally {
      await boss.stop({ graceful: false, close: false });
    }
  },

  async down(owner: pg.Client): Promise<void> {
    await owner.query('drop schema if exists pgboss cascade');
  },
};

async function isBuilding(owner: pg.Client): Promise<boolean> {
  const { rows } = await owner.query<{ open: boolean }>(
    "select exists (select from pgboss.bam where status <> 'completed') as open",
  );
  return rows[0]?.open === true;
}
