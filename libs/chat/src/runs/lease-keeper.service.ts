import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { INSTALLATION } from '@parley/auth';
import { Bus, type BusSubscription } from '@parley/platform/bus';
import { CONFIG, type Config } from '@parley/platform/config';
import { Drain, NodeId } from '@parley/platform/lifecycle';
import { LeasesRepository, onRunControl, sessionErrors } from '@parley/sessions';
import { Runner } from './runner.service.js';

const RENEW_MS = 1000;

/**
 * Keeps the leases of this node's runs alive, one statement a second, and stops the runs whose
 * cancellation was asked on another node. A run that is not ours any more is stopped too.
 */
@Injectable()
export class LeaseKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(LeaseKeeper.name);
  private timer: NodeJS.Timeout | undefined;
  private control: BusSubscription | undefined;
  private renewing = false;

  constructor(
    private readonly leases: LeasesRepository,
    private readonly runner: Runner,
    private readonly bus: Bus,
    private readonly node: NodeId,
    private readonly drain: Drain,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.control = onRunControl(this.bus, ({ cancel }) => this.runner.stop(cancel, sessionErrors.RUN_CANCELLED()));
    this.timer = setInterval(() => void this.tick(), RENEW_MS);
    this.drain.onDrain('runs', 'runs', ({ deadline }) => this.runner.drain(deadline));
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.control?.close();
  }

  private async tick(): Promise<void> {
    const held = this.runner.runIds;
    if (this.renewing || held.length === 0) return;
    this.renewing = true;
    try {
      await this.renew(held);
    } catch (error) {
      this.logger.warn({ err: error }, 'leases could not be renewed');
    } finally {
      this.renewing = false;
    }
  }

  private async renew(held: readonly string[]): Promise<void> {
    const renewed = await this.leases.renew(INSTALLATION, this.node.value, held, this.config.runs.lease_seconds);
    const ours = new Set<string>();
    for (const { runId, cancelRequested } of renewed) {
      ours.add(runId);
      if (cancelRequested) this.runner.stop(runId, sessionErrors.RUN_CANCELLED());
    }
    // A run that has just stored its end is missing too: stopping it again does nothing.
    for (const runId of held) if (!ours.has(runId)) this.runner.stop(runId, sessionErrors.RUN_INTERRUPTED());
  }
}
