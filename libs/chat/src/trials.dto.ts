import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, IsString, Length, ValidateNested } from 'class-validator';
import { AttachmentDto, TurnDto } from './chat.dto.js';

export class TrialDto {
  /** @example What is an append-only log? */
  @IsString()
  @Length(1, 32_000)
  message!: string;

  /** Settings as a session would have them. */
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
  @ApiProperty({ type: 'integer' })
  seq!: number;
  type!: string;
  at!: string;
  data!: Record<string, unknown>;
}

/** A use case tried out: nothing of it is kept. */
export class TrialResultDto {
  use_case!: string;
  message!: string;
  result!: TurnDto;
  trace!: TrialStepDto[];
  @ApiProperty({ type: 'integer' })
  processing_time_ms!: number;
}
