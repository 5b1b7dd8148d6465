import { HttpException } from '@nestjs/common';
import { AppError, type ErrorFactory, platformErrors } from '../../errors/index.js';

/** What the statuses of Nest's, Express's and multer's own errors mean in the catalogue. */
const BY_STATUS: Readonly<Record<number, ErrorFactory>> = {
  400: platformErrors.BAD_REQUEST,
  403: platformErrors.FORBIDDEN,
  404: platformErrors.NOT_FOUND,
  405: platformErrors.METHOD_NOT_ALLOWED,
  406: platformErrors.NOT_ACCEPTABLE,
  408: platformErrors.REQUEST_TIMEOUT,
  409: platformErrors.CONFLICT,
  412: platformErrors.PRECONDITION_FAILED,
  413: platformErrors.PAYLOAD_TOO_LARGE,
  414: platformErrors.URI_TOO_LONG,
  415: platformErrors.UNSUPPORTED_MEDIA_TYPE,
  429: platformErrors.RATE_LIMITED,
  431: platformErrors.HEADERS_TOO_LARGE,
};

function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  // http-errors marks what its message may tell with `expose`; without it a status is somebody else's.
  const status: unknown = Reflect.get(thrown, 'status');
  return typeof status === 'number' && Reflect.get(thrown, 'expose') === true ? status : undefined;
}

/** multer: files or fields that are too large, too many, or not declared. */
function fromMulter(thrown: unknown): AppError | undefined {
  if (!(thrown instanceof Error) || thrown.name !== 'MulterError') return undefined;
  const tooLarge = Reflect.get(thrown, 'code') === 'LIMIT_FILE_SIZE';
  return (tooLarge ? platformErrors.PAYLOAD_TOO_LARGE : platformErrors.BAD_REQUEST)({ cause: thrown });
}

/**
 * The catalogue's error for whatever was thrown on the way through Nest and Express. Their messages
 * quote the request, so none of them goes out.
 */
export function translateError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const upload = fromMulter(thrown);
  if (upload !== undefined) return upload;
  const status = statusOf(thrown);
  if (status === undefined || status >= 500) return platformErrors.INTERNAL({ cause: thrown });
  const make = BY_STATUS[status] ?? platformErrors.BAD_REQUEST;
  return make({ cause: thrown });
}
