export { eventLoopLag } from './event-loop-lag.js';
export { HttpMetrics } from './http-metrics.js';
export { LoggingModule } from './logging.module.js';
export { Metrics } from './metrics.js';
export { MetricsModule } from './metrics.module.js';
export { MetricsAccess } from './metrics-access.js';
export { ProgramLog } from './program-log.js';
export {
  type ContextPrincipal,
  contextPrincipal,
  correlationId,
  identify,
  newContext,
  type RequestContext,
  runWithContext,
  traceparent,
} from './request-context.js';
