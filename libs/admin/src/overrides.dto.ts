import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, IsObject, IsOptional, IsString, MaxLength } from 'class-validator';

/** What an organisation changes about a use case; a member left out changes nothing. */
export class OverrideInputDto {
  /**
   * Defaults of this organisation, by flat name or nested under the component.
   * @example { "temperature": 0.2, "text_chat": { "top_p": 0.9 } }
   */
  @IsOptional()
  @IsObject()
  settings?: Record<string, unknown>;

  /**
   * Tighter bounds by setting: `minimum`, `maximum`, `minLength`, `maxLength`, `minItems`, `maxItems`, `enum`.
   * @example { "max_output_tokens": { "maximum": 1000 } }
   */
  @IsOptional()
  @IsObject()
  bounds?: Record<string, unknown>;

  /**
   * Settings that neither a session nor a message may set; nested ones are written with a dot.
   * @example ["model"]
   */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @MaxLength(200, { each: true })
  locked?: string[];

  /**
   * False switches the use case off here: nothing new begins, what was said stays readable.
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

/** The override of one use case in the caller's organisation. */
export class OverrideDto {
  /** @example "basic_chat" */
  name!: string;
  /** @example {"temperature": 0.2} */
  @ApiProperty({ type: 'object', additionalProperties: true })
  settings!: Readonly<Record<string, unknown>>;
  /** @example {"max_output_tokens": {"maximum": 1000}} */
  @ApiProperty({ type: 'object', additionalProperties: true })
  bounds!: Readonly<Record<string, unknown>>;
  /** @example ["model"] */
  locked!: string[];
  /** @example true */
  enabled!: boolean;
  /**
   * Grows with every change; 0 where there never was an override.
   * @example 3
   */
  @ApiProperty({ type: 'integer' })
  version!: number;
  /**
   * Who changed it last.
   * @example "usr_01JD3W8Q5X7Y2Z4A6B8C0D1E2F"
   */
  updated_by!: string | null;
  /** @example "2026-11-21T09:30:01.250Z" */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  updated_at!: string | null;
}

export class OverrideListDto {
  items!: OverrideDto[];
  /** @example "iP-il1NO3sWWmsY6X98PElsiMjAyNi0xMS0yMVQx" */
  next_cursor!: string | null;
}
