import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Config } from '../config/index.js';
import { HttpMetrics } from '../observability/index.js';
import { Edge } from './edge/edge.js';
import type { OpenRequests } from './edge/open-requests.js';
import { boundServer } from './edge/server-bounds.js';
import { answerServerErrors } from './edge/server-errors.js';

/**
 * Puts the edge before everything else. To be called once, before `app.init()`, on an application that
 * was made with `bodyParser: false` and imports `HttpModule`; the same call serves production and tests.
 * @returns the requests that it lets in, to be waited for when the process leaves
 */
export function configureHttp(app: NestExpressApplication, config: Config): OpenRequests {
  const { trusted_proxies } = config.http;
  app.set('x-powered-by', false);
  // Tags are made from versions; hashing every answer would cost more than it saves.
  app.set('etag', false);
  // Queries are parsed once, by the edge.
  app.set('query parser', false);
  app.set('trust proxy', trusted_proxies.length === 0 ? false : trusted_proxies);
  const server: Server = app.getHttpServer();
  const edge = new Edge(config, server, app.get(HttpMetrics, { strict: false }));
  app.use(edge.handle);
  boundServer(server, config);
  answerServerErrors(server);
  return edge.requests;
}
