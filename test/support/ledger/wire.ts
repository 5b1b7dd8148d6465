import { z } from 'zod';

/** What a client of the contract relies on; members that it does not know are passed over. */
export const eventSchema = z.object({
  seq: z.number().int().min(1),
  type: z.string(),
  session_id: z.string(),
  run_id: z.string().nullable(),
  data: z.looseObject({}),
});
export type Event = z.infer<typeof eventSchema>;

export const deltaSchema = z.object({
  run_id: z.string(),
  message_id: z.string(),
  offset: z.number().int().min(0),
  text: z.string().min(1),
});
export const snapshotSchema = deltaSchema.omit({ offset: true }).extend({ text: z.string() });

export const messageSchema = z.object({
  message_id: z.string(),
  run_id: z.string().nullable(),
  parent_id: z.string().nullable(),
  seq: z.number().int(),
  role: z.enum(['user', 'assistant', 'system', 'tool']),
  content: z.string(),
  status: z.enum(['complete', 'partial', 'deleted']),
  superseded: z.boolean(),
  finish_reason: z.string().nullable(),
});
export type Message = z.infer<typeof messageSchema>;

export const runSchema = z.object({
  run_id: z.string(),
  message_id: z.string(),
  status: z.enum(['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled']),
  attempt: z.number().int(),
  error: z.looseObject({ code: z.string() }).nullable(),
});
export type Run = z.infer<typeof runSchema>;

const problemSchema = z.looseObject({ code: z.string(), status: z.number().int() });

/** What a socket says once a message is stored. */
export const receiptSchema = z.object({ message_id: z.string(), run_id: z.string(), seq: z.number().int() });
export type Receipt = z.infer<typeof receiptSchema>;

export const acceptedSchema = z
  .object({
    message: z.object({ message_id: z.string(), seq: z.number().int() }),
    run: z.object({ run_id: z.string() }),
  })
  .transform(({ message, run }): Receipt => ({ ...message, run_id: run.run_id }));

export interface Outgoing {
  readonly content: string;
  readonly client_message_id: string;
}

/** The service has said no, and why. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`refused with ${status} ${code}`);
  }

  static of(body: unknown): Refusal {
    const problem = problemSchema.safeParse(body);
    return problem.success
      ? new Refusal(problem.data.status, problem.data.code)
      : new Refusal(0, JSON.stringify(body).slice(0, 200));
  }

  /** Whether the same call may succeed later: the service was away, leaving or full. */
  get passes(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}
