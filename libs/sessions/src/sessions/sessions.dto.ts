import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ListQueryDto } from '@parley/platform/http';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateIf,
} from 'class-validator';

/** May be left out, but null is no value of it. */
const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);

const USE_CASE = /^[a-z][a-z0-9_]{2,39}$/;

export class CreateSessionDto {
  /** Name of the use case.
   * @example "basic_chat" */
  @ApiPropertyOptional()
  @IsString()
  @MaxLength(40)
  use_case: string = 'basic_chat';

  /**
   * Left out: written from the first exchange.
   * @example "Ferries to Aran"
   */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  title?: string;

  /** Settings of the use case; an unknown one is refused by name.
   * @example {"personality": "technical_expert"} */
  @ApiPropertyOptional()
  @IsObject()
  settings: Record<string, unknown> = {};

  /** @example ["travel"] */
  @ApiPropertyOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  tags: string[] = [];

  /** @example {"ticket": 4711} */
  @ApiPropertyOptional()
  @IsObject()
  metadata: Record<string, unknown> = {};
}

export class UpdateSessionDto {
  /**
   * Null: written from the first exchange again.
   * @example "Ferries to Aran"
   */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  title?: string | null;

  /** @example ["travel"] */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  tags?: string[];

  /** @example {"ticket": 4711} */
  @MayBeAbsent()
  @IsObject()
  metadata?: Record<string, unknown>;

  /**
   * A merge patch (RFC 7396) on the session's own settings.
   * @example {"response_style": "concise", "personality": null}
   */
  @MayBeAbsent()
  @IsObject()
  settings?: Record<string, unknown>;

  /** @example "archived" */
  @MayBeAbsent()
  @IsIn(['active', 'archived'])
  status?: 'active' | 'archived';
}

export class SessionDto {
  /** @example "ses_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  session_id!: string;
  /** @example "usr_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  user_id!: string;
  /** @example "basic_chat" */
  use_case!: string;
  /** @example "Ferries to Aran" */
  title!: string | null;
  /** @example "active" */
  @ApiProperty({ enum: ['active', 'archived'] })
  status!: 'active' | 'archived';
  /**
   * Only what this session set; the use case supplies the rest.
   * @example {"response_style": "concise"}
   */
  settings!: Record<string, unknown>;
  /** @example ["travel"] */
  tags!: string[];
  /** @example {"ticket": 4711} */
  metadata!: Record<string, unknown>;
  /** @example 2 */
  @ApiProperty({ type: 'integer' })
  message_count!: number;
  /**
   * The end of the session's log.
   * @example 7
   */
  @ApiProperty({ type: 'integer' })
  last_seq!: number;
  /** @example "2026-11-21T09:30:01.250Z" */
  last_message_at!: string | null;
  /** @example "2026-11-21T09:30:00.000Z" */
  created_at!: string;
  /** @example "2026-11-21T09:30:01.250Z" */
  updated_at!: string;
  /**
   * Grows with each change of the session itself; `If-Match` compares it.
   * @example 2
   */
  @ApiProperty({ type: 'integer' })
  version!: number;
}

export class SessionListQueryDto extends ListQueryDto {
  @IsOptional()
  @IsString()
  @Matches(USE_CASE)
  use_case?: string;

  @IsOptional()
  @IsString()
  @Length(1, 64)
  tag?: string;

  @IsOptional()
  @IsIn(['active', 'archived'])
  status?: 'active' | 'archived';

  /** Words in the title. */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  q?: string;
}

export class SessionListDto {
  items!: SessionDto[];
  /** @example "iP-il1NO3sWWmsY6X98PElsiMjAyNi0xMS0yMVQx" */
  next_cursor!: string | null;
}

export class CloneSessionDto {
  /** @example "Ferries, another way" */
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  title?: string;

  /**
   * Copy messages up to and with this one; all when left out.
   * @example "msg_01JD3W8Q5X7Y2Z4A6B8C0D1E2F"
   */
  @MayBeAbsent()
  @IsString()
  @MaxLength(64)
  up_to_message_id?: string;
}

export const EXPORT_FORMATS = ['json', 'markdown', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export class ExportQueryDto {
  @IsIn(EXPORT_FORMATS)
  format: ExportFormat = 'json';
}
