import { failureOfStatus } from './http-failure.js';
import { isObject, numberAt, textAt } from './json.js';
import { ProviderFailure } from './provider-failure.js';

/** Names of errors by which the AI SDK says that it could not read what came. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'AI_JSONParseError',
  'AI_TypeValidationError',
  'AI_InvalidResponseDataError',
]);

/** Where it came from: the call itself, reading its stream, or an `error` part inside the stream. */
export type SdkErrorSource = 'call' | 'line' | 'part';

/**
 * What an error of an AI SDK provider package means. Looks at members instead of classes, so that the
 * packages need not be loaded to ask.
 */
export function failureOfSdkError(error: unknown, source: SdkErrorSource): ProviderFailure {
  if (error instanceof ProviderFailure) return error;
  if (UNREADABLE.has(textAt(error, 'name') ?? '')) return new ProviderFailure('malformed', { cause: error });
  const status = source === 'line' ? null : httpErrorOf(error);
  if (source === 'part') return new ProviderFailure('error', { ...(status === null ? {} : { status }), cause: error });
  if (status === null) return new ProviderFailure('connection', { cause: error });
  return failureOfStatus(status, headersOf(error), textAt(error, 'responseBody') ?? '');
}

/** The packages report a broken body under the status 200 of its headers: that is no HTTP error. */
function httpErrorOf(error: unknown): number | null {
  const status = numberAt(error, 'statusCode');
  return status !== null && status >= 400 ? status : null;
}

function headersOf(error: unknown): Record<string, string> {
  const headers = isObject(error) ? error['responseHeaders'] : undefined;
  if (!isObject(headers)) return {};
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
    ),
  );
}
