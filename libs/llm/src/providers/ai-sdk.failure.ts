import { failureOfStatus } from './http-failure.js';
import { isObject, numberAt, textAt } from './json.js';
import { ProviderFailure } from './provider-failure.js';

/** Names of errors by which the AI SDK says that it could not read what came. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'AI_JSONParseError',
  'AI_TypeValidationError',
  'AI_InvalidResponseDataError',
]);

/**
 * What an error of an AI SDK provider package means. Looks at members instead of classes, so that the
 * packages need not be loaded to ask. @param inStream it came as a part of a stream that had begun
 */
export function failureOfSdkError(error: unknown, inStream: boolean): ProviderFailure {
  if (error instanceof ProviderFailure) return error;
  if (UNREADABLE.has(textAt(error, 'name') ?? '')) return new ProviderFailure('malformed', { cause: error });
  const status = numberAt(error, 'statusCode');
  if (status === null) return new ProviderFailure(inStream ? 'error' : 'connection', { cause: error });
  if (inStream) return new ProviderFailure('error', { status, cause: error });
  const body = textAt(error, 'responseBody') ?? '';
  // An answer of 200 that the package calls an error was no answer.
  return status < 400 ? new ProviderFailure('malformed') : failureOfStatus(status, headersOf(error), body);
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
