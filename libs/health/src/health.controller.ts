import { Controller, Get, Res } from '@nestjs/common';
import { ApiServiceUnavailableResponse } from '@nestjs/swagger';
import { Public } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { Endpoint } from '@parley/platform/http';
import type { Response } from 'express';
import { HealthDto, LiveDto } from './health.dto.js';
import { type Health, HealthService } from './health.service.js';
import { everywhere } from './health-paths.js';

const SERVED = 200;
const NOT_SERVED = 503;

/** For probes and whoever looks after the installation. Open; says nothing that helps an attacker. */
@Public()
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthService,
    private readonly clock: Clock,
  ) {}

  @Get(everywhere('health/live'))
  @Endpoint({ summary: 'Whether the process turns; no dependency is asked', tag: 'System', limit: 'health' })
  live(@Res({ passthrough: true }) response: Response): LiveDto {
    response.setHeader('Cache-Control', 'no-store');
    return { status: 'ok', timestamp: this.clock.now().toISOString() };
  }

  @Get(everywhere('health/ready'))
  @ApiServiceUnavailableResponse({ type: HealthDto, description: 'The same, where something critical is down.' })
  @Endpoint({ summary: 'Whether this node should get requests: 200 or 503', tag: 'System', limit: 'health' })
  async ready(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    return this.show(await this.health.readiness(), response);
  }

  @Get(everywhere('health'))
  @ApiServiceUnavailableResponse({ type: HealthDto, description: 'The same, where something critical is down.' })
  @Endpoint({ summary: 'Everything this node depends on: 200, or 503 on an error', tag: 'System', limit: 'health' })
  async whole(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    return this.show(await this.health.whole(), response);
  }

  private show({ status, draining, checks }: Health, response: Response): HealthDto {
    response.setHeader('Cache-Control', 'no-store');
    response.status(status === 'error' ? NOT_SERVED : SERVED);
    return { status, timestamp: this.clock.now().toISOString(), ...(draining ? { draining } : {}), checks };
  }
}
