import { asError } from '@parley/platform/errors';
import { useCaseErrors } from '../use-cases.errors.js';

/**
 * Gives a hook so many milliseconds. Its signal aborts when they are over or the turn ends; a hook
 * that does not listen is left behind all the same.
 * @throws COMPONENT_TIMEOUT, or the reason of the turn's end
 */
export async function within<T>(
  milliseconds: number,
  turn: AbortSignal,
  hook: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  turn.throwIfAborted();
  const own = new AbortController();
  const onEnd = () => own.abort(turn.reason);
  turn.addEventListener('abort', onEnd, { once: true });
  const timer = setTimeout(() => own.abort(useCaseErrors.COMPONENT_TIMEOUT()), Math.max(0, milliseconds));
  try {
    return await Promise.race([hook(own.signal), rejected(own.signal)]);
  } finally {
    clearTimeout(timer);
    turn.removeEventListener('abort', onEnd);
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(asError(signal.reason)), { once: true });
  });
}
