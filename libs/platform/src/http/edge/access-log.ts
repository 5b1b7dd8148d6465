import { Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { HttpMetrics } from '../../observability/index.js';
import type { RequestFacts } from './request-facts.js';

const UNROUTED = 'unrouted';

/** The template of the route that took a request; Nest's own catch-alls are no route. */
function templateOf(request: Request): string {
  const route: unknown = request.route;
  if (typeof route !== 'object' || route === null) return UNROUTED;
  const path: unknown = Reflect.get(route, 'path');
  return typeof path === 'string' && path.startsWith('/') && !path.includes('*') ? path : UNROUTED;
}

function bodyOf(request: Request): object {
  const body: unknown = request.body;
  return body === undefined ? {} : { body };
}

/** The one line of each request, and its metrics: no query, no body, nothing that a client chose but its id. */
export class AccessLog {
  private readonly logger = new Logger('Http');

  constructor(
    private readonly metrics: HttpMetrics,
    /** `log.bodies`: for development only. */
    private readonly bodies: boolean,
  ) {}

  write(request: Request, response: Response, facts: RequestFacts): void {
    const route = templateOf(request);
    const milliseconds = performance.now() - facts.startedAt;
    // 499: gone before the answer, as proxies write it.
    const status = response.headersSent ? response.statusCode : 499;
    this.metrics.count(request.method, route, status, milliseconds / 1000);
    const { correlationId, principal } = facts.context;
    this.logger.log({
      msg: 'request',
      method: request.method,
      route,
      status,
      duration_ms: Math.round(milliseconds * 100) / 100,
      correlation_id: correlationId,
      ...(principal === undefined ? {} : { principal_id: principal.principalId }),
      ...(facts.problem === undefined ? {} : { problem: facts.problem }),
      ...(this.bodies ? bodyOf(request) : {}),
    });
  }
}
