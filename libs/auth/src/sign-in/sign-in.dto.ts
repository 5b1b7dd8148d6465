import { IsOptional, IsString, MaxLength, MinLength, maxLength, ValidateIf } from 'class-validator';
import { UserDto } from '../accounts/accounts.dto.js';
import { type Identifier, toName } from '../accounts/names.js';
import { TokenPairDto } from '../logins/logins.dto.js';

const LONGEST_NAME = 320;
const LONGEST_DEVICE_TOKEN = 256;

export class LoginDto {
  /**
   * The e-mail of the account. Either this or `username`.
   * @example "ada@example.com"
   */
  @ValidateIf(({ email, username }: LoginDto) => email !== undefined || username === undefined)
  @IsString()
  @MinLength(1)
  @MaxLength(LONGEST_NAME)
  email?: string;

  /**
   * The username of the account. Either this or `email`.
   * @example "ada"
   */
  @ValidateIf(({ username }: LoginDto) => username !== undefined)
  @IsString()
  @MinLength(1)
  @MaxLength(LONGEST_NAME)
  username?: string;

  /** @example "correct horse battery staple" */
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  password!: string;

  /**
   * One-time code, for accounts with a second factor; others need none.
   * @example "123456"
   */
  @IsOptional()
  @IsString()
  @MaxLength(16)
  totp?: string;

  /**
   * From the answer to an earlier sign-in on this device: a lock of unknown networks does not touch it.
   * @example "pdt_WyJ1c3JfMDFKQ1pLIiwxNzYzNzIzNjAwMDAwXQ.c2lnbmVkIGJ5IGEga2V5IG9mIHRoaXMgaW5zdGFsbGF0aW8"
   */
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_DEVICE_TOKEN)
  device_token?: string;
}

/** The first pair of a login, and whose it is. */
export class LoginAnswerDto extends TokenPairDto {
  /**
   * To be sent with the next sign-in on this device, good for 90 days. It opens nothing by itself.
   * @example "pdt_WyJ1c3JfMDFKQ1pLIiwxNzYzNzIzNjAwMDAwXQ.c2lnbmVkIGJ5IGEga2V5IG9mIHRoaXMgaW5zdGFsbGF0aW8"
   */
  device_token!: string;

  user!: UserDto;
}

/** The name that a judged body gives; the e-mail where it gives both. */
export function identifierOf({ email, username = '' }: Pick<LoginDto, 'email' | 'username'>): Identifier {
  return email === undefined
    ? { kind: 'username', key: toName(username).key }
    : { kind: 'email', key: toName(email).key };
}

/**
 * The name in a body that was not judged yet. One that is too long is none, by the measure that judges it later:
 * to bring a megabyte of combining marks to NFKC would take a minute, and nobody has counted this call so far.
 */
export function identifierIn(body: unknown): Identifier | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const email: unknown = Reflect.get(body, 'email');
  const username: unknown = Reflect.get(body, 'username');
  if (typeof email === 'string') return maxLength(email, LONGEST_NAME) ? identifierOf({ email }) : undefined;
  return typeof username === 'string' && maxLength(username, LONGEST_NAME) ? identifierOf({ username }) : undefined;
}

/** Of a body that was not judged yet. */
export function deviceTokenIn(body: unknown): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, 'device_token') : undefined;
}
