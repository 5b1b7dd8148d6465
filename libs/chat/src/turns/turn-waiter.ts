import type { Actor } from '@parley/auth';
import { AppError } from '@parley/platform/errors';
import {
  isRunEnd,
  type LogEvent,
  type MessageDto,
  type OpenReader,
  type Readers,
  type RunDto,
  sessionErrors,
} from '@parley/sessions';
import { z } from 'zod';

/** What a run left behind: its answers, and how it ended. */
export interface EndedTurn {
  readonly run: RunDto;
  readonly answers: readonly MessageDto[];
}

/** A problem as `problemOf` stored it. */
const problem = z.looseObject({
  type: z.string().optional(),
  code: z.string(),
  status: z.number().int(),
  title: z.string(),
  detail: z.string(),
  retry_after: z.number().optional(),
  errors: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })).optional(),
});

/**
 * Follows one run until it ends, through the same reader as every stream.
 * @returns null when the time is over, or the run waits for a person
 */
export class TurnWaiter {
  private readonly answers: MessageDto[] = [];
  private reader: OpenReader | undefined;
  private timer: NodeJS.Timeout | undefined;
  private settled = false;
  private settle: (result: EndedTurn | null | Error) => void = () => undefined;
  readonly ended: Promise<EndedTurn | null>;

  constructor() {
    this.ended = new Promise((resolve, reject) => {
      this.settle = (result) => {
        this.settled = true;
        clearTimeout(this.timer);
        this.reader?.close();
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
    });
    // Whoever gives up waiting does not look at the result any more.
    this.ended.catch(() => undefined);
  }

  /** To be called before the run's events are announced, or with `upToDate` false. */
  follow(
    readers: Readers,
    what: { actor: Actor; sessionId: string; runId: string; after: number; upToDate: boolean },
  ): void {
    const { upToDate, ...options } = what;
    this.reader = readers.open(upToDate ? { ...options, upToDate } : options, {
      event: (event) => this.event(event),
      delta: () => undefined,
      snapshot: () => undefined,
      status: () => undefined,
      buffered: () => 0,
      end: (reason, error) => {
        if (reason === 'failed') this.settle(error instanceof Error ? error : new Error('the log could not be read'));
        else if (reason !== 'run-ended') this.settle(null);
      },
    });
  }

  /** Nothing is to be given up where the turn has ended already, as that of a repeated call has. */
  giveUpAfter(milliseconds: number): void {
    if (this.settled) return;
    this.timer = setTimeout(() => this.settle(null), milliseconds);
  }

  private event(event: LogEvent): void {
    const { type, data } = event;
    if (type === 'message.created' && isAnswer(data)) this.answers.push(data);
    else if (type === 'run.waiting') this.settle(null);
    else if (isRunEnd(type) && isRun(data)) this.settle({ run: data, answers: this.answers });
  }
}

export function isAnswer(data: LogEvent['data']): data is MessageDto {
  return 'role' in data && data.role === 'assistant';
}

export function isRun(data: LogEvent['data']): data is RunDto {
  return 'run_id' in data && 'status' in data && 'attempt' in data;
}

/** The error that a failed or cancelled run stands for, with the ids that lead to what was kept. */
export function runError(run: RunDto): AppError {
  const ids = { run_id: run.run_id, message_id: run.message_id };
  if (run.status === 'cancelled') return sessionErrors.RUN_CANCELLED({ members: ids });
  const { type: _, code, status, title, detail, retry_after: retryAfter, errors, ...more } = problem.parse(run.error);
  const facts = {
    detail,
    members: { ...more, ...ids },
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(errors === undefined ? {} : { errors }),
  };
  return new AppError(code, { status, title, remedy: '' }, facts);
}
