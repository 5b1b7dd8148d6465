import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';

/**
 * What a configuration key says about itself besides its type. `expected` ends the sentence
 * "expected …" of a refusal; it must be true of every value that the shape takes.
 */
declare module 'zod' {
  interface GlobalMeta {
    secret?: boolean;
    expected?: string;
  }
}

/** Marks a key whose value is never shown: not in errors, logs or `parley config check`. */
export const secret = () => z.string().min(1).meta({ secret: true, expected: 'text that is not empty' });

/** A whole number within bounds. */
export const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => z.number().int().min(min).max(max);
export const port = whole(0, 65_535);
export const seconds = (min: number, max: number) => z.number().min(min).max(max);

/** Text that says something. */
export const text = () => z.string().min(1).meta({ expected: 'text that is not empty' });

export const modelName = z
  .string()
  .regex(/^([a-z][a-z0-9_-]*:.+|offline)$/)
  .meta({ expected: 'provider:model or offline' });

export const httpUrl = z.url({ protocol: /^https?$/ }).meta({ expected: 'an http:// or https:// address' });

export const fileSize = z
  .string()
  .regex(/^\d+[kmg]$/)
  .meta({ expected: 'a whole number followed by k, m or g' });

/** An origin as browsers send it; `*` and `null` pass here and are refused in production. */
export const origin = z
  .string()
  .refine((value) => value === '*' || value === 'null' || isExactOrigin(value))
  .meta({ expected: 'an exact origin such as https://app.example.org' });

export const hostPattern = z
  .string()
  .regex(/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$|^\[[0-9a-f:.]+\]$/i)
  .meta({ expected: 'a host name, or *. and a suffix, without port' });

export const network = z.string().refine(isNetwork).meta({ expected: 'an IP address or a CIDR block' });

export const postgresUrl = secret()
  .refine((value) => /^postgres(ql)?:\/\/./.test(value) && databaseUrl(value) !== undefined)
  .meta({ secret: true, expected: 'a postgres:// address' });

export const redisUrl = secret()
  .refine((value) => /^rediss?:\/\/./.test(value) && URL.canParse(value))
  .meta({ secret: true, expected: 'a redis:// or rediss:// address' });

export const wrappingKey = secret()
  .refine((value) => decodeWrappingKey(value) !== undefined)
  .meta({ secret: true, expected: 'base64 of 32 bytes (openssl rand -base64 32)' });

/** Earlier key-encryption keys, each under its own id. */
export const olderKeys = z
  .record(z.string(), wrappingKey)
  .refine((keys) => Object.entries(keys).every(([id, key]) => idOfWrappingKey(key) === id))
  .meta({ secret: true, expected: 'keys in base64 of 32 bytes by id, the first 12 hex digits of a key’s SHA-256' });

export const signingSecret = secret()
  .refine((value) => Buffer.byteLength(value) >= 32)
  .meta({ secret: true, expected: 'at least 32 bytes' });

/** Scheme, host and port as a browser sends them, and nothing else. */
export function isExactOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value && !value.includes('*');
}

function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** A PostgreSQL address; an empty host (`postgres://user@/db`, `postgres:///db`) is this machine. */
export function databaseUrl(value: string): URL | undefined {
  const complete = value.replace('@/', '@localhost/');
  return URL.canParse(complete) ? new URL(complete) : undefined;
}

/** The 32 bytes of a key-encryption key written as base64 or base64url, or nothing. */
export function decodeWrappingKey(value: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(value)) return undefined;
  const key = Buffer.from(value, 'base64');
  return key.length === 32 ? key : undefined;
}

function idOfWrappingKey(value: string): string | undefined {
  const key = decodeWrappingKey(value);
  return key === undefined ? undefined : wrappingKeyId(key);
}

/** The name of a key-encryption key: the first 12 hex digits of its SHA-256. */
export function wrappingKeyId(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 12);
}
