import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { type AppError, toProblem } from '../../errors/index.js';
import { factsOf, pathOf } from '../edge/request-facts.js';
import { translateError } from './translate-error.js';

const logger = new Logger('Problems');

const UNSAFE = /[^\x21\x23-\x25\x28-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]/g;

/** A path that no reader could take for markup, whatever a client sent raw. */
export function safeInstance(path: string): string {
  return path.replace(UNSAFE, (character) => encodeURIComponent(character.toWellFormed()));
}

/** Express rewrites `url` inside mounted routers; the whole path is kept as `originalUrl`. */
function wholePath(request: IncomingMessage & { originalUrl?: string }): string {
  return pathOf(request.originalUrl ?? request.url ?? '/');
}

/** What went wrong on our side is for the operator to read, with its cause; the caller gets its code only. */
function report(error: AppError): void {
  if (error.status < 500) return;
  const { cause } = error.facts;
  if (error.code === 'INTERNAL')
    logger.error({
      msg: 'a request failed for a reason of our own',
      err: cause instanceof Error ? cause : error,
      problem: error.code,
    });
  else logger.warn({ msg: error.message, problem: error.code, ...(cause instanceof Error ? { err: cause } : {}) });
}

/**
 * Answers with the problem document of whatever was thrown. Where an answer has begun already (a
 * stream), the line is cut, so that nobody takes half of it for the whole.
 */
export function answerProblem(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  const error = translateError(thrown);
  report(error);
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy();
    return;
  }
  const facts = factsOf(request);
  if (facts !== undefined) facts.problem = error.code;
  const problem = toProblem(error, {
    instance: safeInstance(wholePath(request)),
    ...(facts === undefined ? {} : { correlationId: facts.context.correlationId }),
  });
  const body = Buffer.from(JSON.stringify(problem));
  response.statusCode = error.status;
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  response.setHeader('Content-Length', body.length);
  response.setHeader('Cache-Control', 'no-store');
  if (error.facts.retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(error.facts.retryAfter));
  for (const [name, value] of Object.entries(error.facts.headers ?? {})) response.setHeader(name, value);
  response.end(request.method === 'HEAD' ? undefined : body);
}
