import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { type AppError, platformErrors } from '../../errors/index.js';
import { faultOf } from './inspect-json.js';

export interface BodyBounds {
  readonly bytes: number;
  readonly milliseconds: number;
}

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

export const isJsonType = (type: string): boolean => type === 'application/json' || JSON_TYPE.test(type);

/** Whether a request brings a body, by its headers. */
export function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  return coding !== undefined || (length !== undefined && length !== '0');
}

/** @throws BAD_REQUEST, FORBIDDEN_KEY, INVALID_TEXT, VALIDATION_FAILED */
export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw platformErrors.BAD_REQUEST({ detail: 'The body is not UTF-8.' });
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    // The parser's own message quotes the body.
    throw platformErrors.BAD_REQUEST({ detail: 'The body is not valid JSON.' });
  }
  const fault = faultOf(value);
  if (fault !== undefined) throw fault;
  return value;
}

/**
 * Gathers a whole body within its bounds. Calls back exactly once; what still comes after a refusal
 * is left to the caller to discard.
 */
export function readBody(
  request: IncomingMessage,
  bounds: BodyBounds,
  done: (refusal: AppError | undefined, bytes: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => settle(platformErrors.REQUEST_TIMEOUT()), bounds.milliseconds);

  const settle = (refusal: AppError | undefined): void => {
    clearTimeout(timer);
    request.off('data', take).off('end', finish).off('close', abandon);
    const [first = EMPTY] = chunks;
    done(refusal, chunks.length > 1 ? Buffer.concat(chunks) : first);
  };
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > bounds.bytes) settle(tooLarge(bounds));
    else chunks.push(chunk);
  };
  const finish = (): void => settle(undefined);
  // Nobody is left to read the answer, but whoever waits for this call must hear of it.
  const abandon = (): void => settle(platformErrors.BAD_REQUEST({ detail: 'The connection broke off.' }));

  request.on('data', take).once('end', finish).once('close', abandon);
}

const EMPTY = Buffer.alloc(0);

export function tooLarge(bounds: BodyBounds): AppError {
  return platformErrors.PAYLOAD_TOO_LARGE({
    detail: `At most ${bounds.bytes} bytes.`,
    members: { limit: bounds.bytes },
  });
}
