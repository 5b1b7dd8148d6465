import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, IsString, Length, ValidateNested } from 'class-validator';
import { AttachmentDto, TurnDto } from '../turns/chat.dto.js';

export class TrialDto {
  /** @example "What is an append-only log?" */
  @IsString()
  @Length(1, 32_000)
  message!: string;

  /**
   * Settings as a session would have them.
   * @example {"response_style": "concise"}
   */
  @IsOptional()
  @IsObject()
  settings?: Record<string, unknown>;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => AttachmentDto)
  attachments?: AttachmentDto[];
}

/** What happened on the way, in order. */
export class TrialStepDto {
  /** @example 3 */
  @ApiProperty({ type: 'integer' })
  seq!: number;
  /** @example "component.started" */
  type!: string;
  /** @example "2026-11-21T09:30:00.000Z" */
  at!: string;
  /** @example {"component": "text_chat"} */
  data!: Record<string, unknown>;
}

/** A use case tried out: nothing of it is kept. */
export class TrialResultDto {
  /** @example "basic_chat" */
  use_case!: string;
  /** @example "What is an append-only log?" */
  message!: string;
  result!: TurnDto;
  trace!: TrialStepDto[];
  /** @example 940 */
  @ApiProperty({ type: 'integer' })
  processing_time_ms!: number;
}
