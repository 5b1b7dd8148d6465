import { Injectable, Logger } from '@nestjs/common';
import { INSTALLATION } from '@parley/auth';
import { Metrics } from '@parley/platform/observability';
import { LogRepository } from './log.repository.js';

/** How fast the logs grow. The database counts that anyway: nothing is added to the way of a turn. */
@Injectable()
export class LogMetrics {
  private readonly logger = new Logger(LogMetrics.name);
  private known = 0;

  constructor(
    metrics: Metrics,
    private readonly log: LogRepository,
  ) {
    metrics.counter({
      name: 'parley_log_appends_total',
      help: 'Events appended to the logs by all nodes together, as the database counts them.',
      read: () => this.read(),
    });
  }

  /** While the database is away, the last known value: that is when the other metrics are needed most. */
  private async read(): Promise<number> {
    try {
      this.known = await this.log.appended(INSTALLATION);
    } catch (error) {
      this.logger.debug({ msg: 'appends could not be counted', err: error });
    }
    return this.known;
  }
}
