import { type ExecutionContext, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ApplicationConfig, Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerModuleOptions,
} from '@nestjs/throttler';
import type { Request, Response } from 'express';
import type { LimitClassName } from '../config/index.js';
import { contextPrincipal } from '../observability/index.js';
import { LIMIT_CLASS, type RouteLimit } from './limit-class.js';
import { limitHeaders } from './limiter.js';
import { LimiterStorage } from './limiter.storage.js';

/**
 * The throttler's guard over HTTP, to run after authentication: whoever is signed in counts by principal.
 * It replaces the throttler's own loop, which reads a dozen metadata entries per request.
 */
@Injectable()
export class LimitGuard extends ThrottlerGuard implements OnApplicationBootstrap {
  private readonly limits = new WeakMap<object, RouteLimit | 'default'>();

  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() private readonly storage: LimiterStorage,
    reflector: Reflector,
    private readonly application: ApplicationConfig,
  ) {
    super(options, storage, reflector);
  }

  /** Before authentication everybody would count as anonymous, and nothing else would show it. */
  onApplicationBootstrap(): void {
    if (this.application.getGlobalGuards().at(-1) !== this) {
      throw new Error('LimitGuardModule has to be imported after every module with a global guard');
    }
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const limit = this.limitOf(context);
    if (limit !== 'default' && limit.countedBy === 'service') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const principal = contextPrincipal();
    const address = request.ip ?? '';
    const state = await this.storage.limiter.consume(
      limit === 'default' ? defaultClass(request.method, principal !== undefined) : limit.name,
      // Whoever is not signed in counts by address, whatever the class counts by.
      principal === undefined
        ? { address, principal: address, login: address }
        : { address, principal: principal.principalId, login: principal.loginId ?? principal.principalId },
    );
    if (state !== undefined) {
      const response = context.switchToHttp().getResponse<Response>();
      const headers = limitHeaders(state);
      response.setHeader('RateLimit', headers.RateLimit);
      response.setHeader('RateLimit-Policy', headers['RateLimit-Policy']);
    }
    return true;
  }

  private limitOf(context: ExecutionContext): RouteLimit | 'default' {
    const handler = context.getHandler();
    let limit = this.limits.get(handler);
    if (limit === undefined) {
      limit =
        this.reflector.getAllAndOverride<RouteLimit | undefined>(LIMIT_CLASS, [handler, context.getClass()]) ??
        'default';
      this.limits.set(handler, limit);
    }
    return limit;
  }
}

function defaultClass(method: string, signedIn: boolean): LimitClassName {
  if (!signedIn) return 'anonymous';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}
