import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database } from '@parley/platform/database';
import { sql } from 'kysely';

/** Counting exactly ends here. */
const MOST_COUNTED = 100_000;

@Injectable()
export class HealthRepository {
  constructor(private readonly database: Database) {}

  /** Whether a statement comes back. @throws what the database throws */
  async ping(actor: Actor): Promise<void> {
    await this.database.as(actor, (db) => sql`select 1`.execute(db));
  }

  /** Rows of the installation by kind; beyond 100,000 what the planner believes. */
  async counts(actor: Actor): Promise<Record<string, number>> {
    const tables = ['users', 'sessions', 'messages', 'runs'] as const;
    const parts = tables.map(
      (table) => sql`
        select ${sql.lit(table)} as name, case when n <= ${MOST_COUNTED}::int then n
          else greatest(n, (select reltuples::bigint from pg_class where oid = ${sql.lit(table)}::regclass)) end as n
        from (select count(*) as n from (select from ${sql.table(table)} limit ${MOST_COUNTED + 1}::int) one) bounded`,
    );
    const statement = sql<{ name: string; n: number }>`${sql.join(parts, sql` union all `)}`;
    const { rows } = await this.database.as(actor, (db) => statement.execute(db));
    return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
  }
}
