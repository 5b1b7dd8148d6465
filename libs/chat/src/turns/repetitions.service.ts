import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { CONFIG, type Config } from '@parley/platform/config';
import { AppError, platformErrors } from '@parley/platform/errors';
import { type IdempotentCall, type NewTurn, RepetitionsRepository, RunsRepository } from '@parley/sessions';
import type { Taken, TakenListener } from './taken.js';

type Words = Pick<NewTurn, 'content' | 'parts' | 'attachments' | 'metadata' | 'context'>;

/** How a call is known again when it comes a second time. */
export interface RepeatableCall {
  readonly sessionId: string;
  readonly idempotency: IdempotentCall | null;
  /** The client's own id of a message, and what the message says; null for a call without one. */
  readonly message: { readonly clientId: string; readonly words: Words } | null;
  readonly at: Date;
}

/** Calls that come again: their answer was lost, or a client cannot tell whether they came through. */
@Injectable()
export class Repetitions {
  constructor(
    private readonly repetitions: RepetitionsRepository,
    private readonly runs: RunsRepository,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** A call with the caller's Idempotency-Key. @param said what the same call says again */
  keyed(key: string | undefined, said: readonly unknown[]): IdempotentCall | null {
    if (key === undefined) return null;
    return {
      key,
      fingerprint: createHash('sha256').update(JSON.stringify(said)).digest(),
      expiresAt: new Date(this.clock.millis() + this.config.idempotency.hours * 3_600_000),
    };
  }

  /**
   * Runs `take`, and where it is refused, for whatever reason, looks whether this is a repetition: that joins the
   * run of the first call, also where nothing new would be taken.
   * @param heard told of the run that is joined, as `take` tells of a new one
   * @throws IDEMPOTENCY_KEY_REUSED where the first call said something else, or what `take` was refused with
   */
  async orJoin(actor: Actor, call: RepeatableCall, heard: TakenListener, take: () => Promise<Taken>): Promise<Taken> {
    try {
      return await take();
    } catch (error) {
      const first = error instanceof AppError ? await this.firstCall(actor, call) : undefined;
      if (first === undefined) throw error;
      heard(first);
      return first;
    }
  }

  /** Makes the key of a call free again where its time is over. */
  forgetExpired(actor: Actor, { key }: IdempotentCall, at: Date): Promise<boolean> {
    return this.repetitions.forgetKey(actor, key, at);
  }

  /** What became of a call whose run has been begun already. */
  async join(actor: Actor, sessionId: string, runId: string): Promise<Taken> {
    const run = await this.runs.find(actor, sessionId, runId);
    if (run === undefined)
      throw platformErrors.CONFLICT({ detail: 'The first call with this id is not to be joined any more.' });
    const before = (await this.runs.firstSeq(actor, sessionId, runId)) - 1;
    return { runId, run, message: null, before, replayed: true };
  }

  private async firstCall(actor: Actor, { sessionId, message, idempotency, at }: RepeatableCall) {
    const runId =
      (message === null ? undefined : await this.byClientId(actor, sessionId, message)) ??
      (idempotency === null ? undefined : await this.byKey(actor, idempotency, at));
    return runId === undefined ? undefined : this.join(actor, sessionId, runId);
  }

  private async byClientId(actor: Actor, sessionId: string, message: NonNullable<RepeatableCall['message']>) {
    const first = await this.repetitions.byClientId(actor, sessionId, message.clientId);
    if (first === undefined) return undefined;
    // Of an erased message nobody knows any more what it said.
    if (!first.erased && !isDeepStrictEqual(asStored(first.words), asStored(message.words)))
      throw platformErrors.IDEMPOTENCY_KEY_REUSED();
    return first.runId;
  }

  private async byKey(actor: Actor, { key, fingerprint }: IdempotentCall, at: Date) {
    const known = await this.repetitions.byKey(actor, key);
    if (known === undefined || known.expiresAt <= at) return undefined;
    if (!known.fingerprint.equals(fingerprint)) throw platformErrors.IDEMPOTENCY_KEY_REUSED();
    return known.runId ?? undefined;
  }
}

/** As JSON keeps it, whatever the order of its members. */
function asStored({ content, parts, attachments, metadata, context }: Readonly<Record<keyof Words, unknown>>): unknown {
  return JSON.parse(JSON.stringify({ content, parts, attachments, metadata, context }));
}
