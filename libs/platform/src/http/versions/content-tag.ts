import { createHash } from 'node:crypto';

/** The opaque part of an ETag for what has no version, or not for all that it shows: the same for the same content. */
export function contentTag(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22);
}
