import { ApiProperty } from '@nestjs/swagger';

/** What somebody can have a conversation with. */
export class UseCaseDto {
  /**
   * As sessions name it.
   * @example basic_chat
   */
  name!: string;
  title!: string;
  @ApiProperty({ enum: ['basic', 'specialized', 'multi_participant', 'context_memory', 'development'] })
  category!: string;
  description!: string;
  /** Grows with every change of its settings or prompts. */
  @ApiProperty({ type: 'integer' })
  version!: number;
  /** Parts of a turn, in the order in which results list them. */
  components!: string[];
  /** JSON Schema 2020-12 of a session's `settings`, with defaults and bounds as they are here. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  settings_schema!: Readonly<Record<string, unknown>>;
  /** What it can do, such as `streaming` or `structured_output`. */
  capabilities!: string[];
  /** False: it is switched off here; its history stays readable. */
  enabled!: boolean;
}

/** A message that shows what a use case is for. */
export class UseCaseExampleDto {
  message!: string;
  @ApiProperty({ type: 'object', additionalProperties: true })
  settings?: Readonly<Record<string, unknown>>;
  note!: string;
}

/** Bounds of one run. */
export class UseCaseLimitsDto {
  wall_clock_seconds!: number;
  @ApiProperty({ type: 'integer' })
  model_calls!: number;
  /** Null: as much as the budgets allow. */
  cost_usd!: number | null;
  leave_seconds!: number;
}

export class UseCaseDetailDto extends UseCaseDto {
  /** JSON Schema 2020-12 of what one message may carry in `context`. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  context_schema!: Readonly<Record<string, unknown>>;
  /** Markdown by name, with `{{placeholders}}`. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  prompts!: Readonly<Record<string, string>>;
  examples!: UseCaseExampleDto[];
  limits!: UseCaseLimitsDto;
}

export class UseCaseListDto {
  items!: UseCaseDto[];
  next_cursor!: string | null;
}
