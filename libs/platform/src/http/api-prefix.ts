import type { Response } from 'express';

/**
 * What every route lies under, but for those that probes, scrapers and people look for elsewhere. No slash around it.
 */
export const API_PREFIX = 'api/v1';

/** Says where the thing lies that a call has made. @param path under the prefix, without a slash before it */
export function locate(response: Response, path: string): Response {
  return response.location(`/${API_PREFIX}/${path}`);
}
