import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database } from '@parley/platform/database';
import { sql } from 'kysely';
import type { Overlay } from '../settings/overlay.js';

/** An organisation's override of one use case as it is stored. */
export interface StoredOverride {
  readonly orgId: string;
  readonly name: string;
  readonly version: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly bounds: Readonly<Record<string, unknown>>;
  readonly locked: readonly string[];
  readonly enabled: boolean;
  readonly updatedBy: string;
  readonly updatedAt: Date;
}

const COLUMNS = [
  'org_id as orgId',
  'name',
  'version',
  'settings',
  'bounds',
  'locked',
  'enabled',
  'updated_by as updatedBy',
  'updated_at as updatedAt',
] as const;

/** The only SQL on `use_case_overrides`. Rows are never deleted, so that `stamp` only grows. */
@Injectable()
export class OverridesRepository {
  constructor(private readonly database: Database) {}

  /** The overrides of all organisations: few rows, read whole when one of them has changed. */
  async readAll(actor: Actor): Promise<StoredOverride[]> {
    return this.database.as(actor, (db) => db.selectFrom('use_case_overrides').select(COLUMNS).execute());
  }

  /** Those of the actor's organisation, as they are in the database at this moment. */
  readOwn(actor: Actor): Promise<StoredOverride[]> {
    return this.database.as(actor, (db) =>
      db.selectFrom('use_case_overrides').select(COLUMNS).where('org_id', '=', actor.orgId).execute(),
    );
  }

  /** A number that is greater after every change of any override. */
  async stamp(actor: Actor): Promise<number> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ stamp: number }>`
        select coalesce(sum(version), 0)::bigint as stamp from use_case_overrides`.execute(db);
      return rows[0]?.stamp ?? 0;
    });
  }

  /**
   * Replaces the override of the actor's organisation.
   * @param expected the version it was decided on, 0 for none yet; undefined: whatever is there
   * @returns undefined where another version is there
   */
  async replace(
    actor: Actor,
    name: string,
    { settings, bounds, locked, enabled }: Overlay,
    at: Date,
    expected?: number,
  ): Promise<StoredOverride | undefined> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<StoredOverride>`
        insert into use_case_overrides (org_id, name, settings, bounds, locked, enabled, updated_by, updated_at)
        select ${actor.orgId}, ${name}, ${JSON.stringify(settings)}::jsonb, ${JSON.stringify(bounds)}::jsonb,
          ${locked}::text[], ${enabled}::boolean, ${actor.principalId}, ${at}::timestamptz
        where ${expected === undefined || expected === 0}::boolean
          or exists (select from use_case_overrides where org_id = ${actor.orgId} and name = ${name})
        on conflict (org_id, name) do update set
          settings = excluded.settings, bounds = excluded.bounds, locked = excluded.locked,
          enabled = excluded.enabled, version = use_case_overrides.version + 1,
          updated_by = excluded.updated_by, updated_at = excluded.updated_at
        where ${expected === undefined}::boolean or use_case_overrides.version = ${expected ?? 0}::int
        returning org_id as "orgId", name, version, settings, bounds, locked, enabled, updated_by as "updatedBy",
          updated_at as "updatedAt"`.execute(db);
      return rows[0];
    });
  }
}
