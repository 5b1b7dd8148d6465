import { Injectable, type OnModuleInit, Optional } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '../../clock/index.js';
import { NO_ORGANISATION } from '../../database/index.js';
import { defineJob, JobQueue } from '../../jobs/index.js';
import { IdempotencyRepository } from './idempotency.repository.js';

/** Removes answers that nobody may ask for again. */
const idempotencyPurgeJob = defineJob({
  name: 'idempotency.purge',
  payload: z.object({}),
  // The next round comes anyway.
  retry: { limit: 0, delaysSeconds: [] },
  deadLetter: false,
  singleton: () => 'idempotency',
});

const EVERY_QUARTER_OF_AN_HOUR = '*/15 * * * *';

@Injectable()
export class IdempotencyJobs implements OnModuleInit {
  constructor(
    private readonly repository: IdempotencyRepository,
    private readonly clock: Clock,
    @Optional() private readonly jobs?: JobQueue,
  ) {}

  onModuleInit(): void {
    this.jobs?.work(idempotencyPurgeJob, async () => {
      await this.repository.purge(NO_ORGANISATION, this.clock.now());
    });
    this.jobs?.schedule(idempotencyPurgeJob, EVERY_QUARTER_OF_AN_HOUR, {});
  }
}
