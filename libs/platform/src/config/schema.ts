import { z } from 'zod';

/** Marks a key whose value is never shown: not in errors, logs, `config check` or `GET /admin/config`. */
const secret = () => z.string().min(1).meta({ secret: true });
const port = z.number().int().min(0).max(65_535);
const seconds = (min: number, max: number) => z.number().min(min).max(max);
const modelList = z.array(z.string().regex(/^([a-z][a-z0-9_-]*:.+|offline)$/, 'expected provider:model'));

const provider = z
  .strictObject({
    api_key: secret().nullable().default(null).describe('Key sent to the provider.'),
    base_url: z.url().nullable().default(null).describe('Address of the API; null is the provider’s own.'),
    models: z
      .strictObject({
        default: z
          .string()
          .nullable()
          .default(null)
          .describe('Model for the roles default, vision and judge when none is named.'),
        fast: z.string().nullable().default(null).describe('Model for the role fast when none is named.'),
        embedding: z.string().nullable().default(null).describe('Model for the role embedding when none is named.'),
      })
      .prefault({})
      .describe('Models used where a role names none.'),
    max_concurrent: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(256)
      .describe('Calls under way at once from one process.'),
    max_queued: z
      .number()
      .int()
      .min(0)
      .max(10_000)
      .default(1024)
      .describe('Calls waiting for a place before OVERLOADED.'),
    headers: z.record(z.string(), z.string()).default({}).describe('Further request headers.'),
  })
  .prefault({});

/**
 * Every configuration key, with its default, bounds and meaning. The reference in
 * `docs/configuration.md` and `.env.example` are generated from this schema.
 */
export const configSchema = z.strictObject({
  env: z
    .enum(['development', 'staging', 'production', 'docker', 'test'])
    .default('development')
    .describe('Which config/<name>.yaml is laid over the default.'),
  data_dir: z
    .string()
    .min(1)
    .default('./data')
    .describe('Embedded database, blobs and generated secrets; one serving process at a time.'),
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('Address to listen on.'),
      port: port.default(3000).describe('Port to listen on; 0 takes a free one.'),
      public_url: z
        .url()
        .nullable()
        .default(null)
        .describe('Address under which clients reach the service; issuer of tokens. Null: made from host and port.'),
      trusted_proxies: z
        .array(z.string())
        .default([])
        .describe('CIDR blocks of proxies whose X-Forwarded-* headers count.'),
      allowed_hosts: z
        .array(z.string())
        .default([])
        .describe('Host names served, exact or *.suffix; empty: all (refused in production).'),
      body_limit_bytes: z.number().int().min(1024).max(16_777_216).default(1_048_576).describe('Largest JSON body.'),
      headers_timeout_seconds: seconds(1, 60).default(10).describe('Time for all headers to arrive.'),
      body_timeout_seconds: seconds(1, 300).default(30).describe('Time for a whole JSON body to arrive.'),
      request_timeout_seconds: seconds(1, 300)
        .default(30)
        .describe('Time limit of reads and writes that call no model.'),
      compression: z
        .boolean()
        .default(true)
        .describe('Compress bodies of 1 kB and more when asked; never event streams.'),
      docs: z.boolean().default(true).describe('Serve Swagger, ReDoc, OpenAPI and AsyncAPI.'),
    })
    .prefault({}),
  cors: z
    .strictObject({
      origins: z.array(z.string()).default([]).describe('Origins allowed to call from a browser, exact.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
        .default('info')
        .describe('Least severity that is written.'),
      bodies: z.boolean().default(false).describe('Write request bodies; development only, refused in production.'),
      file: z
        .strictObject({
          path: z.string().nullable().default(null).describe('Also write to this file; null: standard output only.'),
          max_size: z
            .string()
            .regex(/^\d+[kmg]$/)
            .default('50m')
            .describe('Size at which the file is rotated.'),
          max_files: z.number().int().min(1).max(1000).default(10).describe('Rotated files that are kept.'),
        })
        .prefault({}),
    })
    .prefault({}),
  database: z
    .strictObject({
      url: secret()
        .nullable()
        .default(null)
        .describe('PostgreSQL server (>= 15); null: the embedded one in the data directory.'),
      migration_url: secret()
        .nullable()
        .default(null)
        .describe('The schema’s owner, for migrations; null: the same as url.'),
      migrate_on_start: z.boolean().default(true).describe('Apply migrations under a lock when a node starts.'),
      allow_plaintext: z.boolean().default(false).describe('Let production talk to another host without TLS.'),
      pool_size: z.number().int().min(2).max(200).default(7).describe('Connections of the application.'),
      jobs_pool_size: z.number().int().min(1).max(50).default(2).describe('Connections of the job queue.'),
      statement_timeout_ms: z.number().int().min(100).max(600_000).default(30_000).describe('Longest statement.'),
      connect_timeout_ms: z
        .number()
        .int()
        .min(100)
        .max(60_000)
        .default(5000)
        .describe('Longest wait for a connection.'),
    })
    .prefault({}),
  redis: z
    .strictObject({
      url: secret().nullable().default(null).describe('Redis for bus, cache and shared limits; null: in process.'),
      allow_plaintext: z.boolean().default(false).describe('Let production talk to another host without TLS.'),
      prefix: z.string().default('parley:').describe('Prefix of every key and channel.'),
    })
    .prefault({}),
  keys: z
    .strictObject({
      source: z
        .enum(['file', 'env'])
        .nullable()
        .default(null)
        .describe('Where the key-encryption key comes from; null: env where kek is set, else file.'),
      kek: secret().nullable().default(null).describe('The key that wraps all others: base64 of 32 bytes.'),
    })
    .prefault({}),
  auth: z
    .strictObject({
      registration: z.enum(['open', 'closed']).default('open').describe('Whether anybody may register.'),
      jwt_secret: secret()
        .nullable()
        .default(null)
        .describe('Sign access tokens with HS256 and this secret (>= 32 bytes) instead of ES256.'),
      access_token_minutes: z.number().min(1).max(60).default(30).describe('Life of an access token.'),
      refresh_token_days: z.number().min(1).max(90).default(30).describe('Life of a refresh token from each rotation.'),
      login_days: z.number().min(1).max(365).default(90).describe('Life of a login from sign-in.'),
      max_logins: z
        .number()
        .int()
        .min(1)
        .max(1000)
        .default(50)
        .describe('Open logins of one user; the least recently used goes first.'),
      breached_list: z
        .string()
        .nullable()
        .default(null)
        .describe('File of SHA-1 hashes of breached passwords, one a line.'),
    })
    .prefault({}),
  admin: z
    .strictObject({
      email: z.email().nullable().default(null).describe('First administrator, created once when there is none.'),
      password: secret().nullable().default(null).describe('Password of the first administrator.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      enabled: z.boolean().default(true).describe('False for load tests: no rate and no concurrency limits.'),
      multiplier: z.number().min(1).max(1000).default(1).describe('Multiplies every rate limit.'),
      classes: z
        .record(
          z.string(),
          z.strictObject({
            limit: z.number().int().min(1),
            per_seconds: z.number().min(1),
            burst: z.number().int().min(1).optional(),
          }),
        )
        .default({})
        .describe('Overrides by limit class.'),
      runs_per_principal: z.number().int().min(1).default(20).describe('Runs of one principal that may be running.'),
      runs_per_organisation: z
        .number()
        .int()
        .min(1)
        .default(2000)
        .describe('Runs of one organisation that may be running.'),
    })
    .prefault({}),
  models: z
    .strictObject({
      providers: z
        .strictObject({ openai: provider, anthropic: provider, google: provider, ollama: provider })
        .prefault({})
        .describe('A provider is on when it has a key or a base URL.'),
      roles: z
        .strictObject({
          default: modelList.default([]).describe('Answers; in order of fallback.'),
          fast: modelList.default([]).describe('Titles and other small jobs.'),
          vision: modelList.default([]).describe('Answers to pictures.'),
          judge: modelList.default([]).describe('Verdicts.'),
          embedding: modelList.default([]).describe('Vectors; empty: none.'),
        })
        .prefault({}),
      discover_ollama: z
        .boolean()
        .default(true)
        .describe('Look for Ollama on its standard port when no provider is configured.'),
      retries: z.number().int().min(0).max(5).default(2).describe('Further tries per provider before the first token.'),
      breaker_failures: z
        .number()
        .int()
        .min(1)
        .max(1000)
        .default(5)
        .describe('Failures in a row that open a provider’s circuit.'),
      breaker_seconds: seconds(0.1, 600)
        .default(15)
        .describe('How long an open circuit refuses before it tries again.'),
      prices: z
        .record(
          z.string(),
          z.strictObject({ input_per_million: z.number().min(0), output_per_million: z.number().min(0) }),
        )
        .default({})
        .describe('Prices in USD by provider:model, over the dated table that ships.'),
    })
    .prefault({}),
  runs: z
    .strictObject({
      lease_seconds: seconds(1, 120).default(10).describe('Life of a lease; it is renewed every second.'),
      wall_clock_seconds: seconds(5, 3600).default(120).describe('Longest run.'),
      max_queued_per_session: z
        .number()
        .int()
        .min(1)
        .max(1000)
        .default(20)
        .describe('Messages that may wait in one session.'),
      max_running_per_node: z
        .number()
        .int()
        .min(1)
        .max(100_000)
        .default(2000)
        .describe('Runs that one process executes at once.'),
      checkpoint_ms: z
        .number()
        .int()
        .min(50)
        .max(5000)
        .default(250)
        .describe('How often streamed text is written down.'),
      delta_min_ms: z.number().int().min(0).max(1000).default(25).describe('Least time between two deltas of a run.'),
      delta_max_ms: z
        .number()
        .int()
        .min(0)
        .max(5000)
        .default(250)
        .describe('Most time between two deltas of a run, on a busy node.'),
    })
    .prefault({}),
  sockets: z
    .strictObject({
      buffer_bytes: z
        .number()
        .int()
        .min(16_384)
        .max(16_777_216)
        .default(1_048_576)
        .describe('Bytes that may wait for one slow reader.'),
      max_frame_bytes: z
        .number()
        .int()
        .min(1024)
        .max(16_777_216)
        .default(1_048_576)
        .describe('Largest frame taken from a client.'),
      auth_timeout_seconds: seconds(1, 60).default(10).describe('Time for the first frame to authenticate.'),
      max_joined_sessions: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .default(100)
        .describe('Sessions one socket may have joined.'),
      heartbeat_seconds: seconds(1, 120)
        .default(15)
        .describe('Comment line of event streams and ping of plain WebSockets.'),
    })
    .prefault({}),
  idempotency: z
    .strictObject({ hours: z.number().min(1).max(168).default(24).describe('How long answers are replayed.') })
    .prefault({}),
  metrics: z
    .strictObject({
      port: port.nullable().default(null).describe('A port of its own for /metrics, open to whoever reaches it.'),
      token: secret().nullable().default(null).describe('Bearer token that may read /metrics on the main port.'),
    })
    .prefault({}),
  use_cases: z
    .strictObject({
      dir: z.string().default('./config/use-cases').describe('A deployment’s own use cases and overrides.'),
    })
    .prefault({}),
  shutdown: z
    .strictObject({
      drain_seconds: seconds(0, 600).default(20).describe('Time that running runs have to end after SIGTERM.'),
      ready_delay_seconds: seconds(0, 60)
        .default(0)
        .describe('Time between ready → 503 and closing the door, for load balancers.'),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configSchema>;
