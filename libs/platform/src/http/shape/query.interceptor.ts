import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { platformErrors, toPointer } from '../../errors/index.js';

/** What a handler does not read, it does not take: where it declares no query, that has a shape too, the empty one. */
@Injectable()
export class QueryInterceptor implements NestInterceptor {
  private readonly readers = new WeakMap<object, boolean>();

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() === 'http') this.check(context);
    return next.handle();
  }

  private check(context: ExecutionContext): void {
    const strangers = Object.keys(context.switchToHttp().getRequest<Request>().query);
    if (strangers.length === 0 || this.readsQuery(context)) return;
    throw platformErrors.UNKNOWN_FIELD({
      errors: strangers.map((name) => ({
        pointer: toPointer([name]),
        code: 'UNKNOWN_FIELD',
        detail: 'This member is not known here.',
      })),
    });
  }

  private readsQuery(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    let reads = this.readers.get(handler);
    if (reads === undefined) {
      const args: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name);
      const kinds = typeof args === 'object' && args !== null ? Object.keys(args) : [];
      reads = kinds.some((kind) => kind.startsWith(`${RouteParamtypes.QUERY}:`));
      this.readers.set(handler, reads);
    }
    return reads;
  }
}
