import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { Reflector } from '@nestjs/core';
import { AppError, platformErrors } from '@parley/platform/errors';
import { ROUTE_ACCESS } from '@parley/platform/http';
import { identify } from '@parley/platform/observability';
import type { Request, Response } from 'express';
import { authErrors } from '../auth.errors.js';
import { AuthMetrics } from '../auth.metrics.js';
import { invalidToken } from '../tokens/token.service.js';
import { type Access, isAccess } from './access.decorators.js';
import type { Actor } from './actor.js';
import { actorOf, carryActor } from './actor-carrier.js';
import { BEARER, BearerStrategy } from './bearer.strategy.js';
import { isAdministrative } from './permissions.js';

/** Stands before every route and every socket event. What declares nothing is closed. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly bearer: BearerStrategy,
    private readonly metrics: AuthMetrics,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access: unknown = this.reflector.getAllAndOverride(ROUTE_ACCESS, [context.getHandler(), context.getClass()]);
    if (!isAccess(access))
      throw new Error(`${context.getClass().name}.${context.getHandler().name} declares no access`);
    if (access === 'public') return true;
    return context.getType() === 'http' ? this.admit(context, access) : this.isAdmitted(context);
  }

  private async admit(context: ExecutionContext, access: Exclude<Access, 'public'>): Promise<boolean> {
    const actor = await this.ofRequest(context, access);
    if (actor === undefined) return true;
    identify(actor);
    if (!this.holds(actor, access)) throw this.refusal(context, actor, access);
    return true;
  }

  /**
   * Whoever took the connection has authenticated it. The rights are judged where an event is handled:
   * only there can a refusal become its acknowledgement.
   */
  private isAdmitted(context: ExecutionContext): boolean {
    if (actorOf(context.switchToWs().getClient<object>()) === undefined) throw unauthenticated();
    return true;
  }

  private async ofRequest(context: ExecutionContext, access: Access): Promise<Actor | undefined> {
    const request = context.switchToHttp().getRequest<Request>();
    if (access === 'recognised' && request.headers.authorization === undefined) return undefined;
    const actor = await this.authenticate(request, context.switchToHttp().getResponse<Response>());
    carryActor(request, actor);
    return actor;
  }

  private authenticate(request: Request, response: Response): Promise<Actor> {
    return new Promise((resolve, reject) => {
      const settle = (error: unknown, actor: Actor | false | null | undefined, info: unknown): void => {
        if (error !== null && error !== undefined) reject(error);
        else if (actor) resolve(actor);
        else reject(unauthorised(request, info));
      };
      const handle = this.bearer.getPassportInstance().authenticate(BEARER, { session: false }, settle);
      void handle(request, response, reject);
    });
  }

  private holds(actor: Actor, access: Exclude<Access, 'public'>): boolean {
    const allowed = access === 'signed-in' || access === 'recognised' || actor.permissions.has(access);
    this.metrics.decided(allowed ? 'allowed' : 'denied', access);
    return allowed;
  }

  /** Below `/admin`, whoever may use none of it is told that there is nothing; everybody else, what it needs. */
  private refusal(context: ExecutionContext, actor: Actor, access: string): AppError {
    const path: unknown = this.reflector.get(PATH_METADATA, context.getClass());
    const hidden = String(path).startsWith('admin') && ![...actor.permissions].some(isAdministrative);
    return hidden
      ? platformErrors.NOT_FOUND()
      : authErrors.PERMISSION_DENIED({ detail: `This needs the permission ${access}.` });
  }
}

/** What passport tells of a refusal: our own error, jsonwebtoken's, or that there was no token. */
function unauthorised(request: Request, info: unknown): AppError {
  if (info instanceof AppError) return info;
  const bearer = /^bearer\s/i.test(request.headers.authorization ?? '');
  return bearer ? invalidToken({ cause: info }) : unauthenticated();
}

function unauthenticated(): AppError {
  return authErrors.UNAUTHENTICATED({ headers: { 'WWW-Authenticate': 'Bearer' } });
}
