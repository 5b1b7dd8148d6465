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
  @IsString()
  @Matches(MEDIA_ID)
  media_id!: string;
}

export class TextPartDto {
  type!: 'text';
  text!: string;
}

export class MediaPartDto {
  type!: 'media';
  media_id!: string;
}

@ApiExtraModels(TextPartDto, MediaPartDto)
export class SendMessageDto {
  /** Text of 1 to 32 000 characters, or parts.
   * @example What is an append-only log? */
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

  /** Yours, once per session and for good: the same id again is the same message. */
  @IsOptional()
  @IsString()
  @Length(1, 128)
  client_message_id?: string;

  /** Settings of the use case that hold for this turn alone. */
  @IsOptional()
  @IsObject()
  context?: Record<string, unknown>;

  @IsOptional()
  @IsObject()
  metadata?: Record<string, unknown>;
}

export class RegenerateDto {
  /** Settings of the use case that hold for this turn alone. */
  @IsOptional()
  @IsObject()
  context?: Record<string, unknown>;
}

export class RunInputDto {
  @IsString()
  @Length(1, 64)
  action_id!: string;

  @IsOptional()
  @IsIn(['approve', 'reject'])
  decision?: 'approve' | 'reject';

  @IsOptional()
  @IsString()
  @Length(1, 32_000)
  answer?: string;

  @IsOptional()
  @IsString()
  @MaxLength(1000)
  note?: string;
}

export class FeedbackDto {
  @IsIn(['up', 'down'])
  rating!: 'up' | 'down';

  @IsOptional()
  @IsString()
  @MaxLength(1000)
  comment?: string;
}

export class FeedbackResultDto {
  feedback_id!: string;
  message_id!: string;
  rating!: 'up' | 'down';
  comment!: string | null;
  created_at!: string;
}

/** A message and its answer. */
export class TurnDto {
  session_id!: string;
  run_id!: string;
  message!: MessageDto;
  /** The last answer of the run: its conclusion. */
  response!: MessageDto;
  use_case!: string;
  /** In the order in which the use case declares them. */
  components_used!: string[];
  component_results!: Record<string, unknown>;
  usage!: UsageDto;
  @ApiProperty({ type: 'integer' })
  processing_time_ms!: number;
}

/** Accepted: the answer is being written, or waits. */
export class AcceptedDto {
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
  /** Grows by exactly 1 per session, from 1. */
  @ApiProperty({ type: 'integer' })
  seq!: number;
  @ApiProperty({ enum: LOG_EVENT_TYPES })
  type!: LogEventType;
  session_id!: string;
  run_id!: string | null;
  at!: string;
  /** The message or the run that it tells of, as it is now; for other types a few members of their own. */
  data!: Record<string, unknown>;
}

export class EventPageDto {
  items!: LogEventDto[];
  next_cursor!: string | null;
}
