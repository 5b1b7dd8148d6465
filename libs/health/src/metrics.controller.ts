import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ApiExcludeController } from '@nestjs/swagger';
import { Authenticator, authErrors, Public } from '@parley/auth';
import { Endpoint } from '@parley/platform/http';
import { Metrics, MetricsAccess } from '@parley/platform/observability';
import type { Response } from 'express';
import { everywhere } from './health-paths.js';

/** For whoever shows the metrics token, and for principals with `metrics:read`: it sees to that itself. */
@Public()
@ApiExcludeController()
@Controller()
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly access: MetricsAccess,
    private readonly modules: ModuleRef,
  ) {}

  @Get(everywhere('metrics'))
  @Endpoint({ summary: 'Metrics for Prometheus', tag: 'System', limit: 'health', produces: ['text/plain'] })
  async read(
    @Headers('authorization') authorization: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    await this.admit(authorization);
    const { contentType, text } = await this.metrics.expose();
    response.setHeader('Content-Type', contentType);
    response.setHeader('Cache-Control', 'no-store');
    return text;
  }

  private async admit(authorization: string | undefined): Promise<void> {
    if (this.access.allows(authorization)) return;
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw authErrors.UNAUTHENTICATED({ headers: { 'WWW-Authenticate': 'Bearer' } });
    // Prometheus' own module declares this controller, and nobody can import the authenticator into that.
    const actor = await this.modules.get(Authenticator, { strict: false }).authenticate(token);
    if (!actor.permissions.has('metrics:read')) {
      throw authErrors.PERMISSION_DENIED({ detail: 'This needs the permission metrics:read.' });
    }
  }
}
