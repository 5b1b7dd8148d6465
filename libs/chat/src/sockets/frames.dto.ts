import { IsBoolean, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { RunInputDto, SendMessageDto } from '../turns/chat.dto.js';

/** Frames of clients. What a frame of plain WebSocket leaves out, its address says: the session. */
export class JoinFrameDto {
  @IsString()
  @MaxLength(64)
  session_id!: string;

  /** The last `seq` that the client has; everything after it is replayed. */
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
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

export class InputFrameDto extends RunInputDto {
  @IsString()
  @MaxLength(64)
  run_id!: string;
}

export class TypingFrameDto {
  @IsString()
  @MaxLength(64)
  session_id!: string;

  @IsBoolean()
  is_typing!: boolean;
}
