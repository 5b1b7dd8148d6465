import { applyDecorators, type CanActivate, type ExecutionContext, Injectable, UseGuards } from '@nestjs/common';
import { LimitClass, Limiter } from '@parley/platform/limiter';
import type { Request, Response } from 'express';
import { countCall } from '../access/counted-call.js';
import { LoginsService } from './logins.service.js';

/** Refreshes count by login; whoever shows a token of none counts by address. */
@Injectable()
class RefreshGuard implements CanActivate {
  constructor(
    private readonly logins: LoginsService,
    private readonly limiter: Limiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    response.setHeader('Cache-Control', 'no-store');
    const login = (await this.logins.behind(tokenIn(request.body))) ?? request.ip ?? '';
    await countCall(this.limiter, 'auth.refresh', { login }, response);
    return true;
  }
}

/** The token in a body that was not judged yet. */
function tokenIn(body: unknown): string {
  const token: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'refresh_token') : undefined;
  return typeof token === 'string' ? token : '';
}

/** Stands before the refresh: the limit `auth.refresh`. Nothing of the answer is stored on the way. */
export const RefreshDoor = (): MethodDecorator =>
  applyDecorators(LimitClass('auth.refresh', 'service'), UseGuards(RefreshGuard));
