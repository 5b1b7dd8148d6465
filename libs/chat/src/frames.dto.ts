import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Length, MaxLength, Min } from 'class-validator';
import { SendMessageDto } from './chat.dto.js';

/** Frames of clients. What a frame of plain WebSocket leaves out, its address says: the session. */
export class JoinFrameDto {
  @IsString()
  @MaxLength(64)
  session_id!: string;

  /** The last `seq` that the client has; everything after it is replayed. */
  @IsInt()
  @Min(0)
  after: number = 0;
}

export class LeaveFrameDto {
  @IsString()
  @MaxLength(64)
  session_id!: string;
}

export class MessageFrameDto extends SendMessageDto {
  @IsString()
  @MaxLength(64)
  session_id!: string;
}

export class CancelFrameDto {
  @IsString()
  @MaxLength(64)
  run_id!: string;
}

export class InputFrameDto {
  @IsString()
  @MaxLength(64)
  run_id!: string;

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

export class TypingFrameDto {
  @IsString()
  @MaxLength(64)
  session_id!: string;

  @IsBoolean()
  is_typing!: boolean;
}
