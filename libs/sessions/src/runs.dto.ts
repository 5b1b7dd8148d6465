import { ApiProperty } from '@nestjs/swagger';

export const RUN_STATUSES = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What the model calls of a run cost. */
export class UsageDto {
  @ApiProperty({ type: 'integer' })
  input_tokens!: number;
  @ApiProperty({ type: 'integer' })
  output_tokens!: number;
  /** US dollars by the dated price table; null when a model has no price. */
  cost_usd!: number | null;
  models!: string[];
}

/** One attempt to answer a message. */
export class RunDto {
  /** @example run_01JD3W8Q5X7Y2Z4A6B8C0D1E2F */
  run_id!: string;
  session_id!: string;
  message_id!: string;
  @ApiProperty({ enum: RUN_STATUSES })
  status!: RunStatus;
  /** How often the run was begun; 0 while it is queued. */
  @ApiProperty({ type: 'integer' })
  attempt!: number;
  started_at!: string | null;
  finished_at!: string | null;
  /** The problem that ended a failed run. */
  error!: Record<string, unknown> | null;
  usage!: UsageDto | null;
  component_results!: Record<string, unknown> | null;
  /** `seq` of the last event that this run appended. */
  @ApiProperty({ type: 'integer' })
  last_seq!: number;
}
