import { IsBoolean, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { RunInputDto, SendMessageDto } from '../turns/chat.dto.js';

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

export class PlainInputDto extends RunInputDto {
  @IsIn(['input'])
  type!: 'input';

  @IsOptional()
  @IsString()
  @MaxLength(64)
  run_id?: string;
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
