import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

/** The query members that every list understands. */
export class ListQueryDto {
  /** How many items a page holds. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(200)
  @ApiProperty({ type: 'integer' })
  limit: number = 50;

  /** `next_cursor` of the page before, exactly as given. */
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  cursor?: string;

  /** Which way the list runs; each list documents its own default. */
  @IsOptional()
  @IsIn(['asc', 'desc'])
  order?: 'asc' | 'desc';

  /** Names of the members to answer with, separated by commas; all when left out. */
  @IsOptional()
  @IsString()
  @Matches(/^[a-z][a-z0-9_]{0,63}(,[a-z][a-z0-9_]{0,63}){0,49}$/)
  fields?: string;
}
