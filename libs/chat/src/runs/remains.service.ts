import { Injectable, Logger } from '@nestjs/common';
import { INSTALLATION, systemActor } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { DraftsRepository, TrialsRepository } from '@parley/sessions';

/** A trial lasts minutes: one that is older than this was left behind by a node that died. */
const TRIAL_MS = 3_600_000;
const AT_ONCE = 100;

/** Removes what dead nodes could not remove themselves. */
@Injectable()
export class Remains {
  private readonly logger = new Logger(Remains.name);

  constructor(
    private readonly drafts: DraftsRepository,
    private readonly trials: TrialsRepository,
    private readonly clock: Clock,
  ) {}

  async remove(): Promise<void> {
    const drafts = await this.drafts.removeStray(INSTALLATION);
    const before = new Date(this.clock.millis() - TRIAL_MS);
    const stale = await this.trials.stale(INSTALLATION, before, AT_ONCE);
    for (const { orgId, trialId } of stale) await this.trials.purge(systemActor(orgId, []), trialId);
    if (drafts + stale.length > 0)
      this.logger.log({ drafts, trials: stale.length }, 'removed what dead nodes had left');
  }
}
