import { Inject, Injectable } from '@nestjs/common';
import { type SchemaReport, SchemaState } from '@parley/platform/database';
import type { HealthIndicator, HealthState } from '@parley/platform/lifecycle';

/** A schema that was right stays right for a while: it changes with a deployment only. */
const BELIEVED_MS = 5000;

@Injectable()
export class MigrationsIndicator implements HealthIndicator {
  readonly name = 'migrations';
  readonly critical = true;
  private rightUntil = 0;

  constructor(@Inject(SchemaState) private readonly schema: Pick<SchemaState, 'read'>) {}

  async check(): Promise<HealthState> {
    if (performance.now() < this.rightUntil) return { status: 'up' };
    let report: SchemaReport;
    try {
      report = await this.schema.read();
    } catch {
      return { status: 'down', reason: 'the schema cannot be read' };
    }
    const state = judge(report);
    if (state.status === 'up') this.rightUntil = performance.now() + BELIEVED_MS;
    return state;
  }
}

function judge({ pending, drift, stale, forbidden }: SchemaReport): HealthState {
  if (drift.length > 0) return { status: 'down', reason: 'the schema is of another version of the program' };
  if (pending.length + stale.length > 0) return { status: 'down', reason: 'migrations are pending' };
  return forbidden.length > 0 ? { status: 'down', reason: 'rights on tables are missing' } : { status: 'up' };
}
