export { configureHttp } from './configure-http.js';
export { ApiDocuments, type DocumentSources } from './docs/api-documents.js';
export { DOCS_PATHS, DocsModule } from './docs/docs.module.js';
export { type ApiInfo, buildOpenApi } from './docs/open-api.js';
export { ProblemCatalogue, type ProblemEntry } from './docs/problem-catalogue.js';
export { Hosts } from './edge/hosts.js';
export { faultOf } from './edge/inspect-json.js';
export { parseJson } from './edge/json-body.js';
export { Origins } from './edge/origins.js';
export { liftDeadline } from './edge/request-facts.js';
export { AcceptedType } from './edge/route.guard.js';
export { type HeaderList, securityHeaders } from './edge/security-headers.js';
export { fromParser, rawAnswer } from './edge/server-errors.js';
export { Endpoint, type EndpointOptions } from './endpoint.js';
export { HttpModule } from './http.module.js';
export { IdempotencyRepository } from './idempotency/idempotency.repository.js';
export { IdempotencyKey, type IdempotentOptions, parseIdempotencyKey } from './idempotency/idempotency-key.js';
export { Idempotent } from './idempotency/idempotent.js';
export { type CursorBinding, CursorCodec } from './lists/cursor-codec.js';
export { CursorKey } from './lists/cursor-key.js';
export { ListQueryDto } from './lists/list.dto.js';
export { asAsked } from './lists/list.interceptor.js';
export type { Page } from './lists/page.js';
export { type Preferences, parsePrefer } from './prefer.js';
export { answerProblem } from './problems/answer-problem.js';
export { OpenRoute, ROUTE_ACCESS, type RouteTraits } from './route-metadata.js';
export { IdParam } from './shape/id-param.js';
export { parseShape } from './shape/parse-shape.js';
export {
  type EventStream,
  type EventStreamOptions,
  openEventStream,
  type StreamEvent,
} from './streams/event-stream.js';
export { streamText } from './streams/stream-text.js';
export { contentTag } from './versions/content-tag.js';
export { type ExpectedVersions, expectVersion, IfMatch } from './versions/preconditions.js';
