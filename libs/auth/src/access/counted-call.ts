import { type LimitClassName, type Limiter, type LimitKeys, limitHeaders } from '@parley/platform/limiter';
import type { Response } from 'express';

/**
 * Counts a call that is not counted at the edge, and says in the headers how the caller stands.
 * @throws RATE_LIMITED
 */
export async function countCall(
  limiter: Limiter,
  limitClass: LimitClassName,
  keys: LimitKeys,
  response: Response,
): Promise<void> {
  const state = await limiter.consume(limitClass, keys);
  if (state === undefined) return;
  for (const [name, value] of Object.entries(limitHeaders(state))) response.setHeader(name, value);
}
