import { Logger as NestLogger } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import { createLogger } from './create-logger.js';
import { LogDestination } from './log-destination.js';
import { NestLog } from './nest-log.js';

/** The log of a process. Opened before anything that could have something to say. */
export class ProgramLog {
  readonly logger: Logger;
  /** What `NestFactory` is given. */
  readonly nest: NestLog;

  private constructor(
    level: Config['log']['level'],
    readonly destination: LogDestination,
  ) {
    this.logger = createLogger(level, destination);
    this.nest = new NestLog(this.logger);
  }

  /**
   * From here on every line of Nest's `Logger` obeys format, level and destination.
   * @throws ConfigError when the log file cannot be written
   */
  static async open(config: Config): Promise<ProgramLog> {
    const log = new ProgramLog(config.log.level, await LogDestination.open(config));
    NestLogger.overrideLogger(log.nest);
    return log;
  }

  /** No more lines: what breaks while a failed start is taken down says nothing about why it failed. */
  silence(): void {
    this.logger.level = 'silent';
  }

  /** Waits until all lines so far are written, for whoever prints something after them. */
  settle(): Promise<void> {
    return this.destination.settle();
  }
}
