import { ApiProperty } from '@nestjs/swagger';
import { IsObject, IsOptional, IsString, MaxLength, MinLength, ValidateIf } from 'class-validator';
import type { AccountRow } from './accounts.repository.js';
import { MaxJsonBytes } from './max-json-bytes.js';
import { IsEmailName, IsUsername } from './names.js';

const MOST_JSON_BYTES = 16_384;

export class RegisterDto {
  /**
   * Trimmed and compared in lower case; one account an address.
   * @example "ada@example.com"
   */
  @IsEmailName()
  email!: string;

  /**
   * At least 14 characters, or 8 of three kinds (small letters, capitals, digits, others); at most 128.
   * Not the e-mail, the username or the display name, and nobody else's known password.
   * @example "correct horse battery staple"
   */
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  password!: string;

  /**
   * 3 to 50 characters, compared in lower case; signs in as well as the e-mail.
   * @example "ada"
   */
  @IsOptional()
  @IsUsername()
  username?: string | null;

  /**
   * How others see the person.
   * @example "Ada Lovelace"
   */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  display_name?: string | null;
}

export class UpdateProfileDto {
  /**
   * How others see the person; null removes it.
   * @example "Ada Lovelace"
   */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  display_name?: string | null;

  /**
   * What clients keep for the person, replaced as a whole; at most 16 KiB of JSON. `time_zone` (IANA name)
   * is the one in which assistants tell the date.
   * @example { "theme": "dark", "time_zone": "Europe/Berlin" }
   */
  @ValidateIf((profile: UpdateProfileDto) => profile.preferences !== undefined)
  @IsObject()
  @MaxJsonBytes(MOST_JSON_BYTES)
  preferences?: Record<string, unknown>;

  /**
   * Free members, replaced as a whole; at most 16 KiB of JSON.
   * @example { "department": "engines" }
   */
  @ValidateIf((profile: UpdateProfileDto) => profile.metadata !== undefined)
  @IsObject()
  @MaxJsonBytes(MOST_JSON_BYTES)
  metadata?: Record<string, unknown>;
}

/** A person with an account. */
export class UserDto {
  /** @example "usr_01JCZK5V4W8Q2M7N9P3R6T1XYZ" */
  user_id!: string;

  /** @example "ada@example.com" */
  email!: string | null;

  /** @example "ada" */
  username!: string | null;

  /** @example "Ada Lovelace" */
  display_name!: string | null;

  /**
   * Roles in the organisation of the login.
   * @example ["user"]
   */
  roles!: string[];

  /** @example { "theme": "dark" } */
  preferences!: Readonly<Record<string, unknown>>;

  /** @example { "department": "engines" } */
  metadata!: Readonly<Record<string, unknown>>;

  /** @example "2026-11-20T09:30:00.000Z" */
  created_at!: string;

  /** @example "2026-11-20T09:30:00.000Z" */
  updated_at!: string;

  /**
   * The newest sign-in; null before the first.
   * @example "2026-11-20T09:31:00.000Z"
   */
  last_login_at!: string | null;

  /**
   * Grows with every change of the profile; the ETag of `/users/profile`.
   * @example 1
   */
  @ApiProperty({ type: 'integer' })
  version!: number;
}

export function toUserDto(account: AccountRow): UserDto {
  return {
    user_id: account.principalId,
    email: account.email,
    username: account.username,
    display_name: account.displayName,
    roles: [...account.roles],
    preferences: account.preferences,
    metadata: account.metadata,
    created_at: account.createdAt.toISOString(),
    updated_at: account.updatedAt.toISOString(),
    last_login_at: account.lastLoginAt?.toISOString() ?? null,
    version: account.version,
  };
}
