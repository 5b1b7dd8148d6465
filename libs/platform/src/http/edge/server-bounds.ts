import type { Server } from 'node:http';
import type { Config } from '../../config/index.js';

/** Over this Node reads no further headers; the edge refuses more than 100 by itself. */
const HEADERS_READ = 128;
const KEEP_ALIVE_MS = 65_000;
const CHECK_INTERVAL_MS = 1000;

/**
 * Time limits of Node's own parser. Whole requests have none here: JSON bodies are timed by the edge,
 * uploads and streams by whoever reads them.
 */
export function boundServer(server: Server, config: Config): void {
  server.headersTimeout = config.http.headers_timeout_seconds * 1000;
  server.requestTimeout = 0;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxHeadersCount = HEADERS_READ;
  // Options of createServer that Nest's adapter does not pass on; Node reads both when it needs them.
  Reflect.set(server, 'connectionsCheckingInterval', CHECK_INTERVAL_MS);
  Reflect.set(server, 'requireHostHeader', false);
}
