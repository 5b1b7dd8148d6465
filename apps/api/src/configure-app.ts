import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HEALTH_PATHS } from '@parley/health';
import type { Config } from '@parley/platform/config';
import { API_PREFIX, ApiDocuments, configureHttp, DOCS_PATHS } from '@parley/platform/http';
import { Drain } from '@parley/platform/lifecycle';
import { SocketIoAdapter, UpgradeDoors } from '@parley/platform/sockets';
import { apiDocument, socketDocument } from './api-documents.js';

const WELL_KNOWN = '.well-known/*path';

/** Makes an application of the modules what it is in production; every end-to-end test calls it too. */
export function configureApp(app: NestExpressApplication, config: Config): void {
  const requests = configureHttp(app, config);
  // A run of another node may be waited for here.
  app.get(Drain).onDrain('requests', 'runs', ({ deadline }) => requests.answered(deadline));
  app.setGlobalPrefix(API_PREFIX, { exclude: [...DOCS_PATHS, ...HEALTH_PATHS, WELL_KNOWN] });
  const server: Server = app.getHttpServer();
  app.useWebSocketAdapter(new SocketIoAdapter(app, server, app.get(UpgradeDoors), config));
  app.get(ApiDocuments).attach({
    openapi: async () => apiDocument(app),
    asyncapi: async () => socketDocument(),
  });
}
