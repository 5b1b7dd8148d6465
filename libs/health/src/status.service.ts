import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { CONFIG, type Config } from '@parley/platform/config';
import { DatabaseAccess } from '@parley/platform/database';
import { JobAdmin } from '@parley/platform/jobs';
import { NodeRegistry, programCommit, programVersion } from '@parley/platform/lifecycle';
import { HealthRepository } from './health.repository.js';
import { HealthService } from './health.service.js';
import type { AtRestDto, StatusDto } from './status.dto.js';

/** What the program seals itself, wherever the database lies. */
const SEALED = ['signing keys', 'refresh answers', 'idempotency answers'];

@Injectable()
export class StatusService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly nodes: NodeRegistry,
    private readonly health: HealthService,
    private readonly repository: HealthRepository,
    private readonly jobs: JobAdmin,
    private readonly database: DatabaseAccess,
  ) {}

  /** @param actor undefined for whoever sent no token; only holders of `system:read` are told more */
  async read(actor: Actor | undefined): Promise<StatusDto> {
    const { status } = await this.health.whole();
    const known = { status, version: programVersion() };
    if (actor?.permissions.has('system:read') !== true) return known;
    return {
      ...known,
      commit: programCommit(),
      uptime_seconds: Math.floor(process.uptime()),
      mode: this.database.mode,
      nodes: this.nodes.live().map(({ id, role, version, startedAt }) => ({
        node_id: id,
        role,
        version,
        started_at: startedAt.toISOString(),
      })),
      counts: await this.counts(actor),
      at_rest: this.atRest(),
    };
  }

  private async counts(actor: Actor): Promise<Record<string, number>> {
    const jobs = await this.jobs.list(actor);
    const sum = (of: 'waiting' | 'running' | 'dead') => jobs.reduce((total, counts) => total + counts[of], 0);
    return {
      ...(await this.repository.counts(actor)),
      jobs_waiting: sum('waiting'),
      jobs_running: sum('running'),
      dead_letters: sum('dead'),
    };
  }

  private atRest(): AtRestDto {
    const { source, kek } = this.config.keys;
    return { wrapping_key: source ?? (kek === null ? 'file' : 'env'), sealed: SEALED };
  }
}
