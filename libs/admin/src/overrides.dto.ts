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

  /** False switches the use case off here: nothing new begins, what was said stays readable. */
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

/** The override of one use case in the caller's organisation. */
export class OverrideDto {
  /** @example basic_chat */
  name!: string;
  @ApiProperty({ type: 'object', additionalProperties: true })
  settings!: Readonly<Record<string, unknown>>;
  @ApiProperty({ type: 'object', additionalProperties: true })
  bounds!: Readonly<Record<string, unknown>>;
  locked!: string[];
  enabled!: boolean;
  /** Grows with every change; 0 where there never was an override. */
  @ApiProperty({ type: 'integer' })
  version!: number;
  /** Who changed it last. */
  updated_by!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  updated_at!: string | null;
}

export class OverrideListDto {
  items!: OverrideDto[];
  next_cursor!: string | null;
}
