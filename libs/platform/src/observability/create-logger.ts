import { type Logger, pino, stdSerializers } from 'pino';
import type { Config } from '../config/index.js';
import type { LogDestination } from './log-destination.js';
import { redact, redactText } from './redact.js';
import { currentContext } from './request-context.js';

/** What every line of a request, frame or job says about it. */
function contextMembers(): object {
  const context = currentContext();
  if (context === undefined) return {};
  const { correlationId: correlation_id, traceparent, principal } = context;
  return {
    correlation_id,
    ...(traceparent === undefined ? {} : { trace_id: traceparent.slice(3, 35) }),
    ...(principal === undefined ? {} : { principal_id: principal.principalId }),
  };
}

export function createLogger(level: Config['log']['level'], destination: Pick<LogDestination, 'stream'>): Logger {
  return pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: contextMembers,
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: (error: Error) => redact(stdSerializers.err(error)) },
      // Last wall: messages, stacks and whatever a serialiser made of an object.
      hooks: { streamWrite: redactText },
    },
    destination.stream,
  );
}
