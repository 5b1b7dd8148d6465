import { createHash } from 'node:crypto';
import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { catchError, from, mergeMap, type Observable, of } from 'rxjs';
import { Clock } from '../../clock/index.js';
import { CONFIG, type Config } from '../../config/index.js';
import { platformErrors } from '../../errors/index.js';
import { type ContextPrincipal, contextPrincipal } from '../../observability/index.js';
import { IdempotencyRepository, type KeyUse } from './idempotency.repository.js';
import { parseIdempotencyKey } from './idempotency-key.js';
import { answerOf, giveAgain, StoredAnswers } from './stored-answers.js';

/** A running call holds its key this long beyond its last sign of life, so a dead node blocks nobody for more. */
const LEASE_MS = 30_000;

/** Makes a call with `Idempotency-Key` once, and gives its answer again to whoever repeats it. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly repository: IdempotencyRepository,
    private readonly answers: StoredAnswers,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    const key = parseIdempotencyKey(request.headers['idempotency-key']);
    const principal = contextPrincipal();
    if (key === undefined || principal === undefined) return next.handle();
    const response = context.switchToHttp().getResponse<Response>();
    const use = this.useOf(request, key, principal);
    const first = await this.repository.begin(use, new Date(use.begunAt.getTime() + LEASE_MS));
    if (first.state === 'begun') return this.run(use, this.keptUntil(use), response, next);
    if (!first.fingerprint.equals(use.fingerprint)) throw platformErrors.IDEMPOTENCY_KEY_REUSED();
    if (first.state === 'running') throw platformErrors.IDEMPOTENCY_IN_PROGRESS({ retryAfter: 1 });
    return of(giveAgain(await this.answers.open(use, first.answerSealed), first.status, response));
  }

  private useOf(request: Request, key: string, principal: ContextPrincipal): KeyUse {
    const body: unknown = request.body;
    const fingerprint = createHash('sha256')
      .update(`${request.method} ${request.originalUrl}\n`)
      .update(body === undefined ? '' : JSON.stringify(body))
      .digest();
    return { orgId: principal.orgId, principalId: principal.principalId, key, fingerprint, begunAt: this.clock.now() };
  }

  private keptUntil(use: KeyUse): Date {
    return new Date(use.begunAt.getTime() + this.config.idempotency.hours * 3_600_000);
  }

  private run(use: KeyUse, keptUntil: Date, response: Response, next: CallHandler): Observable<unknown> {
    const status = response.statusCode;
    const stopRenewing = this.answers.renew(use, LEASE_MS);
    return next.handle().pipe(
      mergeMap(async (body: unknown) => {
        stopRenewing();
        // Past its deadline the response tells of that, not of what the handler did.
        const answer = answerOf(response, response.headersSent ? status : response.statusCode, body);
        await this.answers.keep(use, answer, keptUntil);
        return body;
      }),
      catchError((thrown: unknown) => {
        stopRenewing();
        return from(this.answers.release(use)).pipe(
          mergeMap(() => {
            throw thrown;
          }),
        );
      }),
    );
  }
}
