import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';
import { selectFields } from './fields.js';
import type { Page } from './page.js';

/** Adds `Link: rel="next"` to a page and keeps only the members that `?fields=` names. */
export class ListInterceptor implements NestInterceptor<Page<unknown>, Page<unknown>> {
  intercept(context: ExecutionContext, next: CallHandler<Page<unknown>>): Observable<Page<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(map((page) => asAsked(request, response, page)));
  }
}

/** A page as its reader wants it, with the headers that go along; for handlers that answer by themselves too. */
export function asAsked(request: Request, response: Response, page: Page<unknown>): Page<unknown> {
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'private, no-cache');
  const { items, next_cursor } = page;
  if (next_cursor !== null) response.setHeader('Link', `<${nextAddress(request, next_cursor)}>; rel="next"`);
  const { fields } = request.query;
  if (typeof fields !== 'string') return page;
  const names = new Set(fields.split(','));
  return { items: items.map((item) => selectFields(item, names)), next_cursor };
}

/** Relative to this address, so that it holds behind any proxy. */
function nextAddress(request: Request, cursor: string): string {
  const [path, search] = request.originalUrl.split('?', 2);
  const query = new URLSearchParams(search);
  query.set('cursor', cursor);
  return `${path}?${query.toString()}`;
}
