import {
  DatabaseAccess,
  type MigrationState,
  SchemaMigrator,
  type SchemaReport,
  SchemaState,
} from '@parley/platform/database';
import { z } from 'zod';
import { withApplication } from './application.js';
import { done, EXIT, type Outcome, table } from './outcome.js';
import type { World } from './world.js';

const optionsSchema = z.object({ downTo: z.string().min(1).optional(), status: z.boolean().default(false) });

/** `parley migrate`: up, down to a migration, or only a look. */
export async function migrate(world: World, given: unknown): Promise<Outcome> {
  const options = optionsSchema.parse(given);
  return withApplication(world, { prepared: false }, async (app) => {
    if (options.status) return describe(await app.get(SchemaState).read());
    const access = app.get(DatabaseAccess);
    const migrator = app.get(SchemaMigrator);
    if (options.downTo !== undefined) {
      const name = options.downTo === 'none' ? null : options.downTo;
      const reverted = await migrator.down(access.owner, name);
      return done(say('Took back', reverted), { reverted });
    }
    const applied = await migrator.up(access.owner, access.oneRole ? null : access.appRole);
    return done(say('Applied', applied), { applied });
  });
}

function say(verb: string, names: readonly string[]): string {
  return names.length === 0 ? 'Nothing to do.' : `${verb} ${names.join(', ')}.`;
}

function describe(report: SchemaReport): Outcome {
  const { migrations, drift, pending, stale, forbidden } = report;
  const current = drift.length + pending.length + stale.length + forbidden.length === 0;
  const rows = migrations.map(({ name, condition, appliedAt }) => [name, condition, appliedAt?.toISOString() ?? '-']);
  const findings = [
    ...drift,
    ...stale.map((schema) => `schema ${schema} is not at this program's version`),
    ...(forbidden.length === 0 ? [] : [`the application's role may not read ${forbidden.join(', ')}`]),
  ];
  return {
    exitCode: current ? EXIT.ok : EXIT.failed,
    text: [table(['MIGRATION', 'CONDITION', 'APPLIED'], rows), ...findings].join('\n'),
    json: { current, migrations: migrations.map(toJson), drift, stale, forbidden },
  };
}

function toJson({ name, condition, appliedAt }: MigrationState): object {
  return { name, condition, applied_at: appliedAt?.toISOString() ?? null };
}
