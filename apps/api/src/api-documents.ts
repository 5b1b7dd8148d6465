import type { INestApplication } from '@nestjs/common';
import { asyncApiDocument } from '@parley/chat';
import { buildOpenApi } from '@parley/platform/http';
import { programVersion } from '@parley/platform/lifecycle';

const DESCRIPTION =
  'A self-hosted conversation backend: declared use cases in front, any language model behind, nothing lost in between. ' +
  'Errors are RFC 9457 problem documents; every code is explained under /problems/{code}.';

/** The REST interface of this build. */
export function apiDocument(app: INestApplication): object {
  return buildOpenApi(app, { title: 'Parley', description: DESCRIPTION, version: programVersion() });
}

/** The sockets and streams of this build. */
export function socketDocument(): object {
  return asyncApiDocument(programVersion());
}
