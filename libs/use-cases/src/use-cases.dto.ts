import { ApiProperty } from '@nestjs/swagger';

/** What somebody can have a conversation with. */
export class UseCaseDto {
  /**
   * As sessions name it.
   * @example "basic_chat"
   */
  name!: string;
  /** @example "Basic chat" */
  title!: string;
  @ApiProperty({ enum: ['basic', 'specialized', 'multi_participant', 'context_memory', 'development'] })
  category!: string;
  /** @example "Plain conversation with the last messages as context." */
  description!: string;
  /**
   * Grows with every change of its settings or prompts.
   * @example 1
   */
  @ApiProperty({ type: 'integer' })
  version!: number;
  /**
   * Parts of a turn, in the order in which results list them.
   * @example ["text_chat"]
   */
  components!: string[];
  /**
   * JSON Schema 2020-12 of a session's `settings`, with defaults and bounds as they are here.
   * @example {"type": "object", "properties": {"temperature": {"type": "number", "default": 0.7}}, "additionalProperties": false}
   */
  @ApiProperty({ type: 'object', additionalProperties: true })
  settings_schema!: Readonly<Record<string, unknown>>;
  /**
   * What it can do, such as `streaming` or `structured_output`.
   * @example ["text", "streaming", "structured_output"]
   */
  capabilities!: string[];
  /**
   * False: it is switched off here; its history stays readable.
   * @example true
   */
  enabled!: boolean;
}

/** A message that shows what a use case is for. */
export class UseCaseExampleDto {
  /** @example "What is 15 + 27?" */
  message!: string;
  /** @example {"response_style": "concise"} */
  @ApiProperty({ type: 'object', additionalProperties: true })
  settings?: Readonly<Record<string, unknown>>;
  /** @example "A short answer." */
  note!: string;
}

/** Bounds of one run. */
export class UseCaseLimitsDto {
  /** @example 120 */
  wall_clock_seconds!: number;
  /** @example 40 */
  @ApiProperty({ type: 'integer' })
  model_calls!: number;
  /**
   * Null: as much as the budgets allow.
   * @example 0.5
   */
  cost_usd!: number | null;
  /** @example 5 */
  leave_seconds!: number;
}

export class UseCaseDetailDto extends UseCaseDto {
  /**
   * JSON Schema 2020-12 of what one message may carry in `context`.
   * @example {"type": "object", "properties": {"temperature": {"type": "number"}}, "additionalProperties": false}
   */
  @ApiProperty({ type: 'object', additionalProperties: true })
  context_schema!: Readonly<Record<string, unknown>>;
  /**
   * Markdown by name, with `{{placeholders}}`.
   * @example {"system": "{{persona}}\n\nYou hold a plain conversation."}
   */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  prompts!: Readonly<Record<string, string>>;
  examples!: UseCaseExampleDto[];
  limits!: UseCaseLimitsDto;
}

export class UseCaseListDto {
  items!: UseCaseDto[];
  /** @example "iP-il1NO3sWWmsY6X98PElsiMjAyNi0xMS0yMVQx" */
  next_cursor!: string | null;
}
