import { type DynamicModule, Module } from '@nestjs/common';
import { LogDestination } from './log-destination.js';
import type { ProgramLog } from './program-log.js';

/** Lets the log, which is older than the application, end with it. */
@Module({})
export class LoggingModule {
  /** @param log flushed at once from the application's end on */
  static forRoot(log: ProgramLog): DynamicModule {
    return { module: LoggingModule, providers: [{ provide: LogDestination, useFactory: () => log.destination }] };
  }
}
