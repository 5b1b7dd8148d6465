import { applyDecorators, type CanActivate, type ExecutionContext, Injectable, UseGuards } from '@nestjs/common';
import { LimitClass, Limiter } from '@parley/platform/limiter';
import type { Request, Response } from 'express';
import { countCall } from '../access/counted-call.js';
import { deviceTokenIn, identifierIn } from './sign-in.dto.js';
import { SignInAttempts } from './sign-in-attempts.js';

/** A locked name is told so before its call is counted: whoever guesses on is not told to wait a minute only. */
@Injectable()
class SignInGuard implements CanActivate {
  constructor(
    private readonly attempts: SignInAttempts,
    private readonly limiter: Limiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    response.setHeader('Cache-Control', 'no-store');
    // Not judged yet: what has no name in it is refused for its shape later on.
    const identifier = identifierIn(request.body);
    if (identifier !== undefined) {
      const device = deviceTokenIn(request.body);
      await this.attempts.refuseLocked(await this.attempts.describe(identifier, request.ip, device));
    }
    await countCall(this.limiter, 'auth.login', { address: request.ip ?? '' }, response);
    return true;
  }
}

/** Stands before sign-in: locks first, then the limit `auth.login`. Nothing of the answer is stored on the way. */
export const SignInDoor = (): MethodDecorator =>
  applyDecorators(LimitClass('auth.login', 'service'), UseGuards(SignInGuard));
