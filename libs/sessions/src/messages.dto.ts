import { ApiProperty } from '@nestjs/swagger';
import { ListQueryDto } from '@parley/platform/http';
import { IsIn, IsOptional } from 'class-validator';

/** Who speaks. */
export class AuthorDto {
  /** `agent` is a persona of the use case, `system` the program itself. */
  @ApiProperty({ enum: ['user', 'agent', 'system'] })
  type!: 'user' | 'agent' | 'system';
  /** The principal's id, or the slug of the persona. */
  id!: string;
  name!: string | null;
}

/** One part of a message. */
export class MessagePartDto {
  @ApiProperty({ enum: ['text', 'media'] })
  type!: 'text' | 'media';
  text?: string;
  media_id?: string;
}

/** What somebody said. */
export class MessageDto {
  /** @example msg_01JD3W8Q5X7Y2Z4A6B8C0D1E2F */
  message_id!: string;
  session_id!: string;
  run_id!: string | null;
  /** The user message that an answer answers; for a user message the message before it. */
  parent_id!: string | null;
  /** That of its `message.created` event: strictly increasing, with gaps where other events lie. */
  @ApiProperty({ type: 'integer' })
  seq!: number;
  @ApiProperty({ enum: ['user', 'assistant', 'system', 'tool'] })
  role!: 'user' | 'assistant' | 'system' | 'tool';
  author!: AuthorDto;
  /** The text; empty when erased. */
  content!: string;
  parts!: MessagePartDto[];
  attachments!: MessagePartDto[];
  /** `partial`: a run ended before it was whole. `deleted`: content and attachments are erased. */
  @ApiProperty({ enum: ['complete', 'partial', 'deleted'] })
  status!: 'complete' | 'partial' | 'deleted';
  /** A newer answer to the same message has taken its place. */
  superseded!: boolean;
  finish_reason!: string | null;
  metadata!: Record<string, unknown>;
  created_at!: string;
  /** Only with `include=component_results`, for answers. */
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
  next_cursor!: string | null;
}
