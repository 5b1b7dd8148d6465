import { Inject, Injectable } from '@nestjs/common';
import { type Actor, INSTALLATION } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import { CONFIG, type Config } from '@parley/platform/config';
import { platformErrors } from '@parley/platform/errors';
import { NodeId } from '@parley/platform/lifecycle';
import { type Admission, announceWake, LeasesRepository } from '@parley/sessions';

/** Where and under which bounds a run of this node may begin. */
@Injectable()
export class Admissions {
  /** On all nodes by organisation, as of the last second: the bound is far and may be crossed by a few. */
  private runningOf: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly leases: LeasesRepository,
    private readonly node: NodeId,
    private readonly bus: Bus,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async refresh(): Promise<void> {
    const rows = await this.leases.runningByOrganisation(INSTALLATION);
    this.runningOf = new Map(rows.map(({ orgId, running }) => [orgId, running]));
  }

  /** @throws RATE_LIMITED when the organisation has as many runs under way as it may */
  toAccept(actor: Actor, onBusy: 'queue' | 'reject', nodeHasRoom: boolean): Admission {
    const { runs } = this.config;
    const { perOrganisation, perPrincipal } = this.running;
    if (perOrganisation !== null && (this.runningOf.get(actor.orgId) ?? 0) >= perOrganisation)
      throw tooManyRuns(perOrganisation);
    return {
      nodeId: this.node.value,
      leaseSeconds: runs.lease_seconds,
      nodeHasRoom,
      onBusy,
      maxQueued: runs.max_queued_per_session,
      maxRunning: perPrincipal,
    };
  }

  toBegin(): { nodeId: string; leaseSeconds: number; maxRunning: number | null; at: Date } {
    return {
      nodeId: this.node.value,
      leaseSeconds: this.config.runs.lease_seconds,
      maxRunning: this.running.perPrincipal,
      at: this.clock.now(),
    };
  }

  /** Runs that may be under way at once; null: no bound. */
  get running(): { readonly perPrincipal: number | null; readonly perOrganisation: number | null } {
    const { enabled, multiplier, runs_per_principal, runs_per_organisation } = this.config.limits;
    if (!enabled) return { perPrincipal: null, perOrganisation: null };
    return {
      perPrincipal: Math.ceil(runs_per_principal * multiplier),
      perOrganisation: Math.ceil(runs_per_organisation * multiplier),
    };
  }

  announce(sessionId: string, lastSeq: number): void {
    announceWake(this.bus, sessionId, lastSeq);
  }
}

export function tooManyRuns(limit: number) {
  return platformErrors.RATE_LIMITED({
    detail: 'As many answers are being written as may be at once.',
    retryAfter: 1,
    members: { policy: 'runs.concurrent', limit },
  });
}
