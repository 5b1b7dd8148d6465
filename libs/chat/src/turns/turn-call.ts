import type { IncomingHttpHeaders } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type Preferences, parseIdempotencyKey, parsePrefer } from '@parley/platform/http';

/** How a caller wants its turn: whether it waits, how long, and under which key it may repeat the call. */
export interface TurnCallOptions {
  readonly patience: Preferences;
  readonly key?: string;
}

export const TurnCall = createParamDecorator((_: unknown, context: ExecutionContext): TurnCallOptions => {
  const { headers } = context.switchToHttp().getRequest<{ headers: IncomingHttpHeaders }>();
  const prefer = headers['prefer'];
  const patience = parsePrefer(typeof prefer === 'string' ? prefer : undefined);
  const key = parseIdempotencyKey(headers['idempotency-key']);
  return key === undefined ? { patience } : { patience, key };
});
