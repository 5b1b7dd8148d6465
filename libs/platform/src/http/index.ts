export { API_PREFIX, locate } from './api-prefix.js';
export { configureHttp } from './configure-http.js';
export { ApiDocuments } from './docs/api-documents.js';
export { DOCS_PATHS, DocsModule } from './docs/docs.module.js';
export { buildOpenApi } from './docs/open-api.js';
export { ProblemCatalogue } from './docs/problem-catalogue.js';
export { Hosts } from './edge/hosts.js';
export { faultOf } from './edge/inspect-json.js';
export { Origins } from './edge/origins.js';
export { AcceptedType } from './edge/route.guard.js';
export { securityHeaders } from './edge/security-headers.js';
export { rawAnswer } from './edge/server-errors.js';
export { Endpoint } from './endpoint.js';
export { HttpModule } from './http.module.js';
export { IdempotencyKey, parseIdempotencyKey } from './idempotency/idempotency-key.js';
export { Idempotent } from './idempotency/idempotent.js';
export { type CursorBinding, CursorCodec } from './lists/cursor-codec.js';
export { ListQueryDto } from './lists/list.dto.js';
export { asAsked } from './lists/list.interceptor.js';
export type { Page } from './lists/page.js';
export { type Preferences, parsePrefer } from './prefer.js';
export { ROUTE_ACCESS } from './route-metadata.js';
export { IdParam } from './shape/id-param.js';
export { parseShape } from './shape/parse-shape.js';
export {
  EVENT_STREAM_TYPE,
  type EventStream,
  openEventStream,
} from './streams/event-stream.js';
export { streamText } from './streams/stream-text.js';
export { contentTag } from './versions/content-tag.js';
export { type ExpectedVersions, expectVersion, IfMatch } from './versions/preconditions.js';
