import { IsBoolean, IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { SendMessageDto } from './chat.dto.js';

/** Frames of plain WebSocket: the address names the session, `type` the kind of frame. */
export class PlainMessageDto extends SendMessageDto {
  @IsIn(['message'])
  type!: 'message';
}

export class PlainCancelDto {
  @IsIn(['cancel'])
  type!: 'cancel';

  /** The run under way when left out. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  run_id?: string;
}

export class PlainInputDto {
  @IsIn(['input'])
  type!: 'input';

  @IsOptional()
  @IsString()
  @MaxLength(64)
  run_id?: string;

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

export class PlainTypingDto {
  @IsIn(['typing'])
  type!: 'typing';

  @IsBoolean()
  is_typing!: boolean;
}

export class PlainPingDto {
  @IsIn(['ping'])
  type!: 'ping';
}
