import { ApiProperty } from '@nestjs/swagger';
import { ListQueryDto } from '@parley/platform/http';
import { IsIn, IsOptional } from 'class-validator';

/** Who speaks. */
export class AuthorDto {
  /** `agent` is a persona of the use case, `system` the program itself. */
  @ApiProperty({ enum: ['user', 'agent', 'system'] })
  type!: 'user' | 'agent' | 'system';
  /**
   * The principal's id, or the slug of the persona.
   * @example "helpful_assistant"
   */
  id!: string;
  /** @example "Helpful Assistant" */
  name!: string | null;
}

/** One part of a message. */
export class MessagePartDto {
  @ApiProperty({ enum: ['text', 'media'] })
  type!: 'text' | 'media';
  /** @example "The ferry leaves at nine." */
  text?: string;
  /** @example "med_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  media_id?: string;
}

/** What somebody said. */
export class MessageDto {
  /** @example "msg_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  message_id!: string;
  /** @example "ses_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  session_id!: string;
  /** @example "run_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  run_id!: string | null;
  /**
   * The user message that an answer answers; for a user message the message before it.
   * @example "msg_01JD3W8Q0Z9Y8X7W6V5T4S3R2Q"
   */
  parent_id!: string | null;
  /**
   * That of its `message.created` event: strictly increasing, with gaps where other events lie.
   * @example 5
   */
  @ApiProperty({ type: 'integer' })
  seq!: number;
  @ApiProperty({ enum: ['user', 'assistant', 'system', 'tool'] })
  role!: 'user' | 'assistant' | 'system' | 'tool';
  author!: AuthorDto;
  /**
   * The text; empty when erased.
   * @example "The ferry leaves at nine."
   */
  content!: string;
  parts!: MessagePartDto[];
  attachments!: MessagePartDto[];
  /** `partial`: a run ended before it was whole. `deleted`: content and attachments are erased. */
  @ApiProperty({ enum: ['complete', 'partial', 'deleted'] })
  status!: 'complete' | 'partial' | 'deleted';
  /**
   * A newer answer to the same message has taken its place.
   * @example false
   */
  superseded!: boolean;
  /** @example "stop" */
  finish_reason!: string | null;
  /** @example {} */
  metadata!: Record<string, unknown>;
  /** @example "2026-11-21T09:30:01.250Z" */
  created_at!: string;
  /**
   * Only with `include=component_results`, for answers.
   * @example {"text_chat": {"success": true, "status": "ok", "duration_ms": 910, "error": null, "metadata": {}, "model": "openai:gpt-5.4-mini", "attempts": 1}}
   */
  component_results?: Record<string, unknown> | null;
}

export class MessageListQueryDto extends ListQueryDto {
  /** `component_results` adds what the components of the run reported. */
  @IsOptional()
  @IsIn(['component_results'])
  include?: 'component_results';
}

export class MessageListDto {
  items!: MessageDto[];
  /** @example "iP-il1NO3sWWmsY6X98PElsiMjAyNi0xMS0yMVQx" */
  next_cursor!: string | null;
}
