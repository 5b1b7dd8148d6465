import type { Actor, StoredActor } from '@parley/auth';
import type { FrozenPlan } from './turns.types.js';

/** What `run.started` adds to its run. */
export function startedFacts(plan: FrozenPlan, attempt: number, at: Date): Record<string, unknown> {
  return { status: 'running', attempt, started_at: at.toISOString(), settings_adjusted: plan.adjusted };
}

/** Whoever asked for a run, as the run remembers it: rights are read when they are needed. */
export function storedActor(actor: Actor): StoredActor {
  return { principalId: actor.principalId, orgId: actor.orgId, loginId: actor.loginId };
}

/** A value as a parameter for `jsonb`; what is not there is SQL's null. */
export function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
