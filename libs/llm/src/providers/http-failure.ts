import type { IncomingHttpHeaders } from 'node:http';
import { isObject, memberAt, parseJson, textAt } from './json.js';
import { type FailureFacts, ProviderFailure } from './provider-failure.js';

const PLAIN_CODE = /^[a-z0-9_.-]{1,64}$/i;

/** What an error body says. `text` is for learning from refusals and never leaves the adapter. */
export interface ProviderErrorBody {
  readonly code: string | null;
  readonly text: string;
}

/** Reads `{error: {message, code, type, param}}` and its simpler kin. */
export function readErrorBody(body: unknown): ProviderErrorBody {
  const error = memberAt(body, 'error');
  const source = isObject(error) ? error : body;
  const texts = [textAt(source, 'message'), textAt(source, 'param'), typeof error === 'string' ? error : null];
  const code = [textAt(source, 'code'), textAt(source, 'type'), textAt(source, 'status')].find(
    (word) => word !== null && PLAIN_CODE.test(word),
  );
  return { code: code ?? null, text: texts.filter((text) => text !== null).join(' ') };
}

/** The failure that an HTTP error stands for. */
export function failureOfStatus(
  status: number,
  headers: IncomingHttpHeaders | Readonly<Record<string, string>>,
  body: string,
  adapted = false,
): ProviderFailure {
  const { code } = readErrorBody(parseJson(body));
  const retryAfterMs = readRetryAfter(headers, Date.now());
  const facts: FailureFacts = {
    status,
    ...(code === null ? {} : { code }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(adapted ? { adapted } : {}),
  };
  return new ProviderFailure('status', facts);
}

/** `Retry-After` in seconds or as a date, or `retry-after-ms`; milliseconds from now, null where there is none. */
export function readRetryAfter(
  headers: IncomingHttpHeaders | Readonly<Record<string, string>>,
  now: number,
): number | null {
  const precise = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (Number.isFinite(precise) && precise >= 0) return precise;
  const value = headers['retry-after'];
  if (typeof value !== 'string' || value.trim() === '') return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
