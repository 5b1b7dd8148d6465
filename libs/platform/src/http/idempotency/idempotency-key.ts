import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { platformErrors } from '../../errors/index.js';

/** @throws BAD_REQUEST for an empty or overlong key, or one with other than visible ASCII characters */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(header)) {
    throw platformErrors.BAD_REQUEST({ detail: 'Idempotency-Key has 1 to 128 visible characters.' });
  }
  return header;
}

/** The key itself, checked, for routes that handle their replays themselves. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined =>
  parseIdempotencyKey(
    context.switchToHttp().getRequest<{ headers: { 'idempotency-key'?: string } }>().headers['idempotency-key'],
  ),
);
