import type { Config } from '@parley/platform/config';
import { type Finding, failed, ok, skipped } from './finding.js';

const PATIENCE_MS = 3000;

/** Redis may be away without loss, but whoever configured it wants to know. */
export async function examineRedis({ redis }: Config): Promise<Finding> {
  if (redis.url === null)
    return skipped('redis', 'not configured: bus, cache and limits in process or through PostgreSQL');
  const { Redis } = await import('ioredis');
  const client = new Redis(redis.url, {
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The rejected command tells; without a listener ioredis prints.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const begun = performance.now();
    await client.ping();
    const took = performance.now() - begun;
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown version';
    return ok('redis', `Redis ${version}, answers in ${took.toFixed(1)} ms`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...failed('redis', `does not answer (${reason})`, 'Start it, or mend REDIS_URL.'), unreachable: true };
  } finally {
    client.disconnect();
  }
}
