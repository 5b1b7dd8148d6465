import { Global, Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import type { Request, Response } from 'express';
import { KeyRing } from '../crypto/index.js';
import { RouteGuard } from './edge/route.guard.js';
import { IdempotencyInterceptor } from './idempotency/idempotency.interceptor.js';
import { IdempotencyJobs } from './idempotency/idempotency.jobs.js';
import { IdempotencyRepository } from './idempotency/idempotency.repository.js';
import { StoredAnswers } from './idempotency/stored-answers.js';
import { CursorCodec } from './lists/cursor-codec.js';
import { CursorKey, openCursorKey } from './lists/cursor-key.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { answerUnrouted } from './problems/unrouted.js';
import { QueryInterceptor } from './shape/query.interceptor.js';
import { ShapePipe } from './shape/shape.pipe.js';

/** Stands behind all routes: Nest's own answer to unknown addresses covers only those under its prefix. */
@Injectable()
class LastHandler implements OnApplicationBootstrap {
  constructor(private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    // Workers and the command line have no HTTP adapter.
    this.host.httpAdapter?.use((request: Request, response: Response) => answerUnrouted(request, response));
  }
}

/** What every route stands behind (shape, problems, media types), and what lists and creating routes use. */
@Global()
@Module({
  providers: [
    LastHandler,
    StoredAnswers,
    IdempotencyRepository,
    IdempotencyInterceptor,
    IdempotencyJobs,
    CursorCodec,
    { provide: CursorKey, inject: [KeyRing], useFactory: openCursorKey },
    { provide: APP_GUARD, useClass: RouteGuard },
    { provide: APP_PIPE, useClass: ShapePipe },
    { provide: APP_INTERCEPTOR, useClass: QueryInterceptor },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
  exports: [StoredAnswers, IdempotencyRepository, IdempotencyInterceptor, CursorCodec],
})
export class HttpModule {}
