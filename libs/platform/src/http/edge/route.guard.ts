import { type CanActivate, createParamDecorator, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { CONFIG, type Config } from '../../config/index.js';
import { platformErrors } from '../../errors/index.js';
import { answerProblem } from '../problems/answer-problem.js';
import { ROUTE_TRAITS, type RouteTraits } from '../route-metadata.js';
import { EVENT_STREAM_TYPE } from '../streams/event-stream.js';
import { negotiate } from './accept.js';
import { hasBody, isJsonType } from './json-body.js';
import { Origins } from './origins.js';
import { liftDeadline } from './request-facts.js';

const JSON_ONLY: readonly string[] = ['application/json'];
const NO_TRAITS: RouteTraits = {};

const chosenTypes = new WeakMap<Request, string>();

/** Holds a request against what its route declares: media types, origin of streams, time limit. */
@Injectable()
export class RouteGuard implements CanActivate {
  private readonly traits = new WeakMap<object, RouteTraits>();
  private readonly origins: Origins;
  private readonly silenceMs: number;

  constructor(
    private readonly reflector: Reflector,
    @Inject(CONFIG) config: Config,
  ) {
    this.origins = new Origins(config);
    this.silenceMs = config.http.body_timeout_seconds * 1000;
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const traits = this.traitsOf(context);
    this.checkBody(request, traits, context.switchToHttp().getResponse<Response>());
    const type = negotiate(request.headers.accept, traits.produces ?? JSON_ONLY);
    if (type === undefined) throw platformErrors.NOT_ACCEPTABLE();
    if (traits.produces !== undefined) chosenTypes.set(request, type);
    if (type === EVENT_STREAM_TYPE && !this.origins.mayOpen(request.headers.origin, request.headers.host)) {
      throw platformErrors.ORIGIN_NOT_ALLOWED();
    }
    if (traits.unhurried === true) liftDeadline(request);
    return true;
  }

  private checkBody(request: Request, traits: RouteTraits, response: Response): void {
    if (!hasBody(request)) return;
    const type = request.headers['content-type'] ?? '';
    if (isJsonType(type)) return;
    const media = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (traits.consumes?.includes(media) !== true) throw platformErrors.UNSUPPORTED_MEDIA_TYPE();
    // An upload may take as long as it needs, as long as something comes.
    request.setTimeout(this.silenceMs, () => answerProblem(request, response, platformErrors.REQUEST_TIMEOUT()));
    request.once('end', () => request.setTimeout(0));
  }

  private traitsOf(context: ExecutionContext): RouteTraits {
    const handler = context.getHandler();
    let traits = this.traits.get(handler);
    if (traits === undefined) {
      traits =
        this.reflector.getAllAndOverride<RouteTraits | undefined>(ROUTE_TRAITS, [handler, context.getClass()]) ??
        NO_TRAITS;
      this.traits.set(handler, traits);
    }
    return traits;
  }
}

/** Which of the types that the route `produces` the caller asked for. */
export const AcceptedType = createParamDecorator(
  (_: unknown, context: ExecutionContext): string =>
    chosenTypes.get(context.switchToHttp().getRequest<Request>()) ?? 'application/json',
);
