import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';

/** Gives the answer its strong `ETag`, and answers 304 to whoever has it already. */
export class VersionedInterceptor<T> implements NestInterceptor<T, T | undefined> {
  /** @param tagOf the opaque part of the tag: `7.42` becomes `"7.42"` */
  constructor(private readonly tagOf: (body: T) => string) {}

  intercept(context: ExecutionContext, next: CallHandler<T>): Observable<T | undefined> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(map((body) => this.answer(request, response, body)));
  }

  private answer(request: Request, response: Response, body: T): T | undefined {
    const tag = `"${this.tagOf(body)}"`;
    response.setHeader('ETag', tag);
    if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'private, no-cache');
    const reading = request.method === 'GET' || request.method === 'HEAD';
    if (!reading || !noneMatch(request.headers['if-none-match'], tag)) return body;
    response.status(304);
    return undefined;
  }
}

/** Whether one of the tags of `If-None-Match` is this one, by RFC 9110's weak comparison. */
export function noneMatch(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => {
    const text = part.trim();
    return text === '*' || text === tag || text === `W/${tag}`;
  });
}
