import { Injectable } from '@nestjs/common';
import type { HealthIndicator, HealthState } from '@parley/platform/lifecycle';
import { LlmHealth } from './llm.health.js';

/** The models in `/health`: from what their circuits saw; no model is called for it. */
@Injectable()
export class ModelsIndicator implements HealthIndicator {
  readonly name = 'models';
  readonly aliases = ['llm'];
  readonly critical = false;

  constructor(private readonly health: LlmHealth) {}

  async check(): Promise<HealthState> {
    const { status, reason } = this.health.modelsHealth();
    return { status: status === 'ok' ? 'up' : 'degraded', ...(reason === undefined ? {} : { reason }) };
  }
}
