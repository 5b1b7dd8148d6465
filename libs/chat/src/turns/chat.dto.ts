import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ListQueryDto } from '@parley/platform/http';
import { LOG_EVENT_TYPES, type LogEventType, MessageDto, RunDto, UsageDto } from '@parley/sessions';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsMessageContent } from './message-content.js';

const MEDIA_ID = /^med_[0-9A-Z]{26}$/;

export class AttachmentDto {
  /** @example "med_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  @IsString()
  @Matches(MEDIA_ID)
  media_id!: string;
}

export class TextPartDto {
  type!: 'text';
  /** @example "What is an append-only log?" */
  text!: string;
}

export class MediaPartDto {
  type!: 'media';
  /** @example "med_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  media_id!: string;
}

@ApiExtraModels(TextPartDto, MediaPartDto)
export class SendMessageDto {
  /** Text of 1 to 32 000 characters, or parts.
   * @example "What is an append-only log?" */
  @ApiProperty({
    oneOf: [
      { type: 'string', minLength: 1, maxLength: 32_000 },
      {
        type: 'array',
        minItems: 1,
        maxItems: 50,
        items: { oneOf: [{ $ref: getSchemaPath(TextPartDto) }, { $ref: getSchemaPath(MediaPartDto) }] },
      },
    ],
  })
  @IsMessageContent()
  content!: string | (TextPartDto | MediaPartDto)[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => AttachmentDto)
  attachments?: AttachmentDto[];

  /**
   * Yours, once per session and for good: the same id again is the same message.
   * @example "m-17"
   */
  @IsOptional()
  @IsString()
  @Length(1, 128)
  client_message_id?: string;

  /**
   * Settings of the use case that hold for this turn alone.
   * @example {"response_style": "formal"}
   */
  @IsOptional()
  @IsObject()
  context?: Record<string, unknown>;

  /** @example {"ticket": 4711} */
  @IsOptional()
  @IsObject()
  metadata?: Record<string, unknown>;
}

export class RegenerateDto {
  /**
   * Settings of the use case that hold for this turn alone.
   * @example {"temperature": 1}
   */
  @IsOptional()
  @IsObject()
  context?: Record<string, unknown>;
}

export class RunInputDto {
  /** @example "act_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  @IsString()
  @Length(1, 64)
  action_id!: string;

  @IsOptional()
  @IsIn(['approve', 'reject'])
  decision?: 'approve' | 'reject';

  /** @example "The one at nine." */
  @IsOptional()
  @IsString()
  @Length(1, 32_000)
  answer?: string;

  /** @example "Seen by two of us." */
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  note?: string;
}

export class FeedbackDto {
  @IsIn(['up', 'down'])
  rating!: 'up' | 'down';

  /** @example "Just what I needed." */
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  comment?: string;
}

export class FeedbackResultDto {
  /** @example "fbk_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  feedback_id!: string;
  /** @example "msg_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  message_id!: string;
  /** @example "up" */
  rating!: 'up' | 'down';
  /** @example "Just what I needed." */
  comment!: string | null;
  /** @example "2026-11-21T09:30:01.250Z" */
  created_at!: string;
}

/** A message and its answer. */
export class TurnDto {
  /** @example "ses_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  session_id!: string;
  /** @example "run_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  run_id!: string;
  message!: MessageDto;
  /** The last answer of the run: its conclusion. */
  response!: MessageDto;
  /** @example "basic_chat" */
  use_case!: string;
  /**
   * In the order in which the use case declares them.
   * @example ["text_chat"]
   */
  components_used!: string[];
  /** @example {"text_chat": {"success": true, "status": "ok", "duration_ms": 910, "error": null, "metadata": {}, "model": "openai:gpt-5.4-mini", "attempts": 1}} */
  component_results!: Record<string, unknown>;
  usage!: UsageDto;
  /** @example 931 */
  @ApiProperty({ type: 'integer' })
  processing_time_ms!: number;
}

/** Accepted: the answer is being written, or waits. */
export class AcceptedDto {
  /** @example "ses_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  session_id!: string;
  message!: MessageDto;
  run!: RunDto;
}

export class EventsQueryDto extends ListQueryDto {
  /** The last `seq` that you have; `Last-Event-ID` counts the same. */
  @IsOptional()
  @ApiProperty({ type: 'integer' })
  @IsInt()
  @Min(0)
  after?: number;
}

/** An event of a session's log. */
export class LogEventDto {
  /**
   * Grows by exactly 1 per session, from 1.
   * @example 3
   */
  @ApiProperty({ type: 'integer' })
  seq!: number;
  @ApiProperty({ enum: LOG_EVENT_TYPES })
  type!: LogEventType;
  /** @example "ses_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  session_id!: string;
  /** @example "run_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  run_id!: string | null;
  /** @example "2026-11-21T09:30:00.000Z" */
  at!: string;
  /**
   * The message or the run that it tells of, as it is now; for other types a few members of their own.
   * @example {"component": "text_chat"}
   */
  data!: Record<string, unknown>;
}

export class EventPageDto {
  items!: LogEventDto[];
  /** @example "iP-il1NO3sWWmsY6X98PElsiMjAyNi0xMS0yMVQx" */
  next_cursor!: string | null;
}
