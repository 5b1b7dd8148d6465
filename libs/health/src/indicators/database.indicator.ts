import { Injectable } from '@nestjs/common';
import { INSTALLATION } from '@parley/auth';
import { Database } from '@parley/platform/database';
import type { HealthIndicator, HealthState } from '@parley/platform/lifecycle';
import { HealthRepository } from '../health.repository.js';

/** So many callers in the line for a connection mean that requests wait noticeably. */
const MANY_WAITING = 100;

@Injectable()
export class DatabaseIndicator implements HealthIndicator {
  readonly name = 'database';
  readonly critical = true;

  constructor(
    private readonly repository: HealthRepository,
    private readonly database: Database,
  ) {}

  async check(): Promise<HealthState> {
    const { waiting } = this.database.poolState();
    try {
      await this.repository.ping(INSTALLATION);
    } catch {
      return { status: 'down', reason: 'the database does not answer' };
    }
    return waiting > MANY_WAITING
      ? { status: 'degraded', reason: 'many requests wait for a connection' }
      : { status: 'up' };
  }
}
