import { Inject, Injectable, type OnModuleInit, ServiceUnavailableException, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthCheckService, type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { Drain, type HealthIndicator, type HealthState } from '@parley/platform/lifecycle';
import type { CheckDto, HealthDto } from './health.dto.js';
import { RememberedCheck } from './remembered-check.js';

export const INDICATORS = Symbol('INDICATORS');

export interface Health {
  readonly status: HealthDto['status'];
  readonly draining: boolean;
  readonly checks: Readonly<Record<string, CheckDto>>;
}

@Injectable()
export class HealthService implements OnModuleInit {
  private checks: readonly RememberedCheck[] = [];

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly results: HealthIndicatorService,
    private readonly modules: ModuleRef,
    private readonly drain: Drain,
    @Inject(INDICATORS) private readonly indicators: readonly Type<HealthIndicator>[],
  ) {}

  onModuleInit(): void {
    this.checks = this.indicators.map((type) => new RememberedCheck(this.modules.get(type, { strict: false })));
  }

  /** Everything that this node depends on. */
  async whole(): Promise<Health> {
    const health = await this.ask(this.checks);
    return this.drain.draining && health.status === 'ok' ? { ...health, status: 'degraded' } : health;
  }

  /** Whether this node should get requests: what is critical is there, and it does not leave. */
  async readiness(): Promise<Health> {
    const critical = this.checks.filter(({ indicator }) => indicator.critical);
    const health = await this.ask(critical);
    return this.drain.draining ? { ...health, status: 'error' } : health;
  }

  private async ask(checks: readonly RememberedCheck[]): Promise<Health> {
    const shown: Record<string, CheckDto> = {};
    const status = await this.judge(
      checks.map((check) => async () => {
        const state = bounded(await check.state(), check.indicator);
        for (const name of [check.indicator.name, ...(check.indicator.aliases ?? [])]) shown[name] = { ...state };
        return this.resultOf(check.indicator.name, state);
      }),
    );
    return { status, draining: this.drain.draining, checks: inOrder(shown, checks) };
  }

  private resultOf(name: string, { status, reason }: HealthState): HealthIndicatorResult {
    const result = this.results.check(name);
    const data: Record<string, string> = reason === undefined ? {} : { reason };
    switch (status) {
      case 'up':
        return result.up(data);
      case 'degraded':
        return result.degraded(data);
      case 'down':
        return result.down(data);
      default:
        return status satisfies never;
    }
  }

  /** Terminus throws where something is down. */
  private async judge(checks: readonly (() => Promise<HealthIndicatorResult>)[]): Promise<Health['status']> {
    try {
      const { status } = await this.terminus.check([...checks]);
      return status === 'degraded' ? 'degraded' : 'ok';
    } catch (error) {
      if (error instanceof ServiceUnavailableException) return 'error';
      throw error;
    }
  }
}

/** Without something that is not critical the node serves on: that is degraded, not down. */
function bounded(state: HealthState, { critical }: HealthIndicator): HealthState {
  return state.status === 'down' && !critical ? { ...state, status: 'degraded' } : state;
}

function inOrder(
  shown: Readonly<Record<string, CheckDto>>,
  checks: readonly RememberedCheck[],
): Record<string, CheckDto> {
  const names = checks.flatMap(({ indicator: { name, aliases = [] } }) => [name, ...aliases]);
  return Object.fromEntries(names.flatMap((name) => (shown[name] === undefined ? [] : [[name, shown[name]]])));
}
