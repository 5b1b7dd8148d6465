import { Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import { Clock } from '../../clock/index.js';
import { SealedFields } from '../../crypto/index.js';
import { IdempotencyRepository, type KeyUse } from './idempotency.repository.js';

/** Headers that belong to an answer; all others are made anew each time it is given. */
const KEPT_HEADERS = ['Location', 'ETag', 'Link', 'Cache-Control'] as const;

const storedAnswer = z.object({ headers: z.record(z.string(), z.string()), body: z.unknown() });

/** What is kept of an answer, besides its status. */
export type StoredAnswer = z.infer<typeof storedAnswer>;

export interface Answer extends StoredAnswer {
  readonly status: number;
}

export function answerOf(response: Response, status: number, body: unknown): Answer {
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = response.getHeader(name);
    if (typeof value === 'string') headers[name] = value;
  }
  return { status, headers, body: body ?? null };
}

/** @returns the body, for Nest to send */
export function giveAgain(answer: StoredAnswer, status: number, response: Response): unknown {
  response.status(status);
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.setHeader('Idempotent-Replayed', 'true');
  return answer.body ?? undefined;
}

const placeOf = ({ orgId, principalId, key }: KeyUse) => ({
  table: 'idempotency_keys',
  column: 'answer_sealed',
  rowId: `${principalId}:${key}`,
  orgId,
});

/**
 * Answers of calls with `Idempotency-Key`, sealed. What was created stays created when its answer
 * cannot be kept, so failures here are logged and the caller is answered all the same.
 */
@Injectable()
export class StoredAnswers {
  private readonly logger = new Logger(StoredAnswers.name);

  constructor(
    private readonly repository: IdempotencyRepository,
    private readonly sealed: SealedFields,
    private readonly clock: Clock,
  ) {}

  async open(use: KeyUse, text: string): Promise<StoredAnswer> {
    return storedAnswer.parse(JSON.parse(await this.sealed.open(use, placeOf(use), text)));
  }

  async keep(use: KeyUse, { status, headers, body }: Answer, expiresAt: Date): Promise<void> {
    const text = JSON.stringify({ headers, body } satisfies StoredAnswer);
    await this.attempt(async () => {
      const answerSealed = await this.sealed.seal(use, { ...placeOf(use), purpose: 'idempotency' }, text);
      await this.repository.finish(use, { status, answerSealed, expiresAt });
    });
  }

  /** The call failed: the key is free for the next try. */
  async release(use: KeyUse): Promise<void> {
    await this.attempt(() => this.repository.release(use));
  }

  /** Prolongs the lease of a call for as long as it runs. @returns what ends that */
  renew(use: KeyUse, leaseMs: number): () => void {
    const timer = setInterval(() => {
      void this.attempt(() => this.repository.prolong(use, new Date(this.clock.millis() + leaseMs)));
    }, leaseMs / 3);
    timer.unref();
    return () => clearInterval(timer);
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn({ msg: 'an answer could not be kept for repetitions', err: error });
    }
  }
}
