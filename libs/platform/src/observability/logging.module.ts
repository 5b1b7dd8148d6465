import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule, type Params } from 'nestjs-pino';
import { type Logger, pino, stdSerializers } from 'pino';
import { CONFIG, type Config } from '../config/index.js';
import { LogDestination } from './log-destination.js';
import { redact, redactText } from './redact.js';
import { currentContext } from './request-context.js';

@Module({
  providers: [
    {
      provide: LogDestination,
      inject: [CONFIG],
      useFactory: (config: Config): Promise<LogDestination> => LogDestination.open(config.log),
    },
  ],
  exports: [LogDestination],
})
class LogDestinationModule {}

/**
 * Structured JSON lines through pino, behind Nest's own `Logger`: `app.useLogger(app.get(PinoLog))`.
 * Every line carries the correlation id of what caused it, and passes the redactor.
 */
@Module({})
export class LoggingModule {
  static forRoot(): DynamicModule {
    return {
      module: LoggingModule,
      imports: [
        LoggerModule.forRootAsync({
          imports: [LogDestinationModule],
          inject: [CONFIG, LogDestination],
          useFactory: (config: Config, destination: LogDestination): Params => ({
            pinoHttp: { logger: createLogger(config.log.level, destination) },
            // The edge writes the one line of each request itself: no middleware, no child logger per request.
            forRoutes: [],
          }),
        }),
      ],
    };
  }
}

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
