import { ApiProperty } from '@nestjs/swagger';

export const RUN_STATUSES = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What the model calls of a run cost. */
export class UsageDto {
  /** @example 174 */
  @ApiProperty({ type: 'integer' })
  input_tokens!: number;
  /** @example 12 */
  @ApiProperty({ type: 'integer' })
  output_tokens!: number;
  /**
   * US dollars by the dated price table; null when a model has no price.
   * @example 0.0001845
   */
  cost_usd!: number | null;
  /** @example ["openai:gpt-5.4-mini"] */
  models!: string[];
}

/** One attempt to answer a message. */
export class RunDto {
  /** @example "run_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  run_id!: string;
  /** @example "ses_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  session_id!: string;
  /** @example "msg_01JD3W8Q0Z9Y8X7W6V5T4S3R2Q" */
  message_id!: string;
  @ApiProperty({ enum: RUN_STATUSES })
  status!: RunStatus;
  /**
   * How often the run was begun; 0 while it is queued.
   * @example 1
   */
  @ApiProperty({ type: 'integer' })
  attempt!: number;
  /** @example "2026-11-21T09:30:00.000Z" */
  started_at!: string | null;
  /** @example "2026-11-21T09:30:01.250Z" */
  finished_at!: string | null;
  /**
   * The problem that ended a failed run.
   * @example {"type": "/problems/MODEL_TIMEOUT", "code": "MODEL_TIMEOUT", "status": 504, "title": "The model said nothing for too long."}
   */
  error!: Record<string, unknown> | null;
  usage!: UsageDto | null;
  /** @example {"text_chat": {"success": true, "status": "ok", "duration_ms": 910, "error": null, "metadata": {}, "model": "openai:gpt-5.4-mini", "attempts": 1}} */
  component_results!: Record<string, unknown> | null;
  /**
   * `seq` of the last event that this run appended.
   * @example 6
   */
  @ApiProperty({ type: 'integer' })
  last_seq!: number;
}
