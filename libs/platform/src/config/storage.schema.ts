import { z } from 'zod';
import { olderKeys, postgresUrl, redisUrl, whole, wrappingKey } from './shapes.js';

/** Where the data lie and what they are wrapped in. */
export const storageSections = {
  database: z
    .strictObject({
      url: postgresUrl
        .nullable()
        .default(null)
        .describe('PostgreSQL server (>= 15); null: the embedded one in the data directory.'),
      migration_url: postgresUrl
        .nullable()
        .default(null)
        .describe('The schema’s owner, for migrations; null: the same as url.'),
      migrate_on_start: z.boolean().default(true).describe('Apply migrations under a lock when a node starts.'),
      allow_plaintext: z.boolean().default(false).describe('Let production talk to another host without TLS.'),
      pool_size: whole(2, 200).default(7).describe('Connections of the application.'),
      jobs_pool_size: whole(1, 50).default(2).describe('Connections of the job queue.'),
      statement_timeout_ms: whole(100, 600_000)
        .default(30_000)
        .describe('Longest statement. Where no answer comes in twice that time, the connection is given up.'),
      connect_timeout_ms: whole(100, 60_000).default(5000).describe('Longest wait for a connection.'),
    })
    .prefault({})
    .describe('PostgreSQL, embedded or on a server.'),
  redis: z
    .strictObject({
      url: redisUrl.nullable().default(null).describe('Redis for bus, cache and shared limits; null: in process.'),
      allow_plaintext: z.boolean().default(false).describe('Let production talk to another host without TLS.'),
      prefix: z.string().default('parley:').describe('Prefix of every key and channel.'),
    })
    .prefault({})
    .describe('Redis, an accelerator that may vanish at any time.'),
  keys: z
    .strictObject({
      source: z
        .enum(['file', 'env'])
        .nullable()
        .default(null)
        .describe('Where the key-encryption key comes from; null: env where kek is set, else file.'),
      kek: wrappingKey.nullable().default(null).describe('The key that wraps all others: base64 of 32 bytes.'),
      older: olderKeys
        .default({})
        .describe('Earlier keys by id, for what they still wrap; also one by one as PARLEY_KEK_<id>.'),
    })
    .prefault({})
    .describe('The key ring: what encrypted fields hang under.'),
};
