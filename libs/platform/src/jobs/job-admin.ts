import { Injectable } from '@nestjs/common';
import type { Acting } from '../database/index.js';
import { platformErrors } from '../errors/index.js';
import { JobEngine } from './job-engine.js';
import { peekJob } from './job-envelope.js';
import { type DeadLetterRow, type JobCounts, JobsRepository } from './jobs.repository.js';

/** A job that failed for good. */
export interface DeadLetter {
  readonly id: string;
  readonly job: string;
  /** Ids and small facts; null where no version known here can have stored it. */
  readonly payload: unknown;
  readonly correlationId: string | null;
  /** Tries that were made. */
  readonly attempts: number;
  /** The problem of the last try. */
  readonly error: unknown;
  readonly sentAt: Date;
  readonly diedAt: Date;
}

export interface DeadLetterFilter {
  /** Name of a job; absent: of all. */
  readonly job?: string;
  /** 1 to 1000; default 50. */
  readonly limit?: number;
}

const MOST = 1000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The queue as an operator sees it. Who may is the caller's matter. */
@Injectable()
export class JobAdmin {
  constructor(
    private readonly engine: JobEngine,
    private readonly repository: JobsRepository,
  ) {}

  list(actor: Acting): Promise<JobCounts[]> {
    return this.repository.counts(actor);
  }

  /** Newest first. */
  async deadLetters(actor: Acting, { job, limit = 50 }: DeadLetterFilter = {}): Promise<DeadLetter[]> {
    const rows = await this.repository.deadLetters(actor, {
      job: job ?? null,
      ids: null,
      limit: Math.min(Math.max(limit, 1), MOST),
    });
    return rows.map(toDeadLetter);
  }

  /**
   * Sends dead letters again, with all their tries.
   * @returns how many; fewer than asked where others took them meanwhile.
   * @throws NOT_FOUND when none of the ids is a dead letter.
   */
  async retry(actor: Acting, ids: readonly string[]): Promise<number> {
    const boss = await this.engine.boss();
    let moved = 0;
    for (const [queue, letters] of await this.find(actor, ids)) moved += await boss.redrive(queue, { ids: letters });
    return moved;
  }

  private async find(actor: Acting, ids: readonly string[]): Promise<Map<string, string[]>> {
    const wellFormed = ids.filter((id) => UUID.test(id)).slice(0, MOST);
    const rows = await this.repository.deadLetters(actor, { job: null, ids: wellFormed, limit: MOST });
    if (rows.length === 0) throw platformErrors.NOT_FOUND({ detail: 'There is no such dead letter.' });
    const byQueue = new Map<string, string[]>();
    for (const { queue, id } of rows) byQueue.set(queue, [...(byQueue.get(queue) ?? []), id]);
    return byQueue;
  }
}

function toDeadLetter({ id, job, data, error, retryCount, sentAt, diedAt }: DeadLetterRow): DeadLetter {
  return { id, job, ...peekJob(data), attempts: retryCount + 1, error, sentAt, diedAt };
}
