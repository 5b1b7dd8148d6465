import { Injectable, Logger } from '@nestjs/common';
import { INSTALLATION, systemActor } from '@parley/auth';
import { DraftsRepository, type LapsedRun, LeasesRepository } from '@parley/sessions';
import { ChatMetrics } from '../chat.metrics.js';
import { Dispatcher } from './dispatcher.service.js';
import { RunEnds } from './run-ends.service.js';
import { Runner } from './runner.service.js';

const AT_ONCE = 100;

/** Ends runs whose lease has lapsed: their node died, hangs, or cannot reach the database. */
@Injectable()
export class Sweeper {
  private readonly logger = new Logger(Sweeper.name);

  constructor(
    private readonly leases: LeasesRepository,
    private readonly drafts: DraftsRepository,
    private readonly ends: RunEnds,
    private readonly dispatcher: Dispatcher,
    private readonly runner: Runner,
    private readonly metrics: ChatMetrics,
  ) {}

  async sweep(): Promise<void> {
    for (const run of await this.leases.lapsed(INSTALLATION, AT_ONCE)) {
      // Written by this very node: its lease could not be renewed for a while, and will be.
      if (this.runner.executes(run.runId)) continue;
      try {
        await this.end(run);
      } catch (error) {
        // One whose session is held by somebody stands in nobody's way.
        this.logger.warn({ err: error, run_id: run.runId }, 'a lapsed run is left to the next round');
      }
    }
  }

  private async end(run: LapsedRun): Promise<void> {
    const drafts = await this.drafts.of(systemActor(run.orgId, []), run.sessionId);
    const ended = await this.ends.interrupt(
      run,
      drafts.filter((draft) => draft.runId === run.runId),
    );
    if (ended === undefined) return;
    this.metrics.runSwept();
    this.logger.warn({ run_id: run.runId, node: run.leaseOwner }, 'ended a run whose node went away');
    if (ended.queued > 0) await this.dispatcher.dispatch(run.orgId, run.sessionId);
  }
}
