import { z } from 'zod';
import { fileSize, hostPattern, httpUrl, network, origin, port, seconds, secret, text, whole } from './shapes.js';

/** Doors to the outside: HTTP, sockets, logs and metrics. */
export const httpSections = {
  http: z
    .strictObject({
      host: text().default('127.0.0.1').describe('Address to listen on.'),
      port: port.default(3000).describe('Port to listen on; 0 takes a free one.'),
      public_url: httpUrl
        .nullable()
        .default(null)
        .describe(
          'Address under which clients reach the service, and issuer of tokens (null: urn:parley). With https, plain requests are redirected or refused.',
        ),
      trusted_proxies: z
        .array(network)
        .default([])
        .describe('CIDR blocks of proxies whose X-Forwarded-* headers count.'),
      allowed_hosts: z
        .array(hostPattern)
        .default([])
        .describe('Host names served, exact or *.suffix; empty: all (refused in production).'),
      body_limit_bytes: whole(1024, 16_777_216).default(1_048_576).describe('Largest JSON body.'),
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
    .prefault({})
    .describe('Where and how the service listens.'),
  cors: z
    .strictObject({
      origins: z.array(origin).default([]).describe('Origins allowed to call from a browser, exact.'),
    })
    .prefault({})
    .describe('Browsers on other origins.'),
  sockets: z
    .strictObject({
      buffer_bytes: whole(16_384, 16_777_216).default(1_048_576).describe('Bytes that may wait for one slow reader.'),
      max_frame_bytes: whole(1024, 16_777_216).default(1_048_576).describe('Largest frame taken from a client.'),
      auth_timeout_seconds: seconds(1, 60).default(10).describe('Time for the first frame to authenticate.'),
      max_joined_sessions: whole(1, 10_000).default(100).describe('Sessions one socket may have joined.'),
      heartbeat_seconds: seconds(1, 120)
        .default(15)
        .describe('Comment line of event streams and ping of plain WebSockets.'),
    })
    .prefault({})
    .describe('Socket.IO, plain WebSockets and event streams.'),
  idempotency: z
    .strictObject({ hours: z.number().min(1).max(168).default(24).describe('How long answers are replayed.') })
    .prefault({})
    .describe('Idempotency-Key.'),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
        .default('info')
        .describe('Least severity that is written.'),
      bodies: z.boolean().default(false).describe('Write request bodies; development only, refused in production.'),
      file: z
        .strictObject({
          path: text().nullable().default(null).describe('Also write to this file; null: standard output only.'),
          max_size: fileSize.default('50m').describe('Size at which the file is rotated.'),
          max_files: whole(1, 1000).default(10).describe('Rotated files that are kept.'),
        })
        .prefault({})
        .describe('A log file besides standard output.'),
    })
    .prefault({})
    .describe('Structured JSON logs.'),
  metrics: z
    .strictObject({
      port: port.nullable().default(null).describe('A port of its own for /metrics, open to whoever reaches it.'),
      token: secret().nullable().default(null).describe('Bearer token that may read /metrics on the main port.'),
    })
    .prefault({})
    .describe('Where and to whom /metrics answers.'),
};
