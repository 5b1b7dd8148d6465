import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { UserDto } from '../accounts/accounts.dto.js';
import type { TokenPair } from './token-pairs.js';

const LONGEST_TOKEN = 256;

export class RefreshDto {
  /**
   * The newest refresh token of the login; it is used up by the call.
   * @example "prt_Zm9yIG9uZSBjYWxsIG9ubHksIDMyIGJ5dGVzIGFsbCBp"
   */
  @IsString()
  @MinLength(1)
  @MaxLength(LONGEST_TOKEN)
  refresh_token!: string;
}

export class LogoutDto {
  /**
   * Of another login of the same person, which is ended too.
   * @example "prt_Zm9yIG9uZSBjYWxsIG9ubHksIDMyIGJ5dGVzIGFsbCBp"
   */
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_TOKEN)
  refresh_token?: string | null;

  /**
   * End all logins of the person.
   * @example false
   */
  @IsOptional()
  @IsBoolean()
  everywhere?: boolean | null;
}

/** An access token for requests, a refresh token for the next pair. */
export class TokenPairDto {
  /**
   * JWT for `Authorization: Bearer …`.
   * @example "eyJhbGciOiJFUzI1NiIsImtpZCI6InNna18wMUpDWksiLCJ0eXAiOiJhdCtqd3QifQ.eyJzdWIiOiJ1c3JfMDFKQ1pLIn0.c2ln"
   */
  access_token!: string;

  /**
   * Good for one call of `/auth/refresh`.
   * @example "prt_Zm9yIG9uZSBjYWxsIG9ubHksIDMyIGJ5dGVzIGFsbCBp"
   */
  refresh_token!: string;

  /** @example "bearer" */
  token_type!: 'bearer';

  /**
   * Seconds that the access token is good for.
   * @example 1800
   */
  @ApiProperty({ type: 'integer' })
  expires_in!: number;
}

/** Who somebody is and what they may do. */
export class MeDto extends UserDto {
  /**
   * What the roles amount to.
   * @example ["message:read", "message:send", "session:create"]
   */
  permissions!: string[];

  /**
   * The organisation of this login.
   * @example "org_00000000000000000000000000"
   */
  org!: string;

  /**
   * This signed-in device.
   * @example "lgn_01JCZK5V4W8Q2M7N9P3R6T1XYZ"
   */
  login_id!: string | null;
}

export function toTokenPairDto({ accessToken, refreshToken, expiresIn }: TokenPair): TokenPairDto {
  return { access_token: accessToken, refresh_token: refreshToken, token_type: 'bearer', expires_in: expiresIn };
}
