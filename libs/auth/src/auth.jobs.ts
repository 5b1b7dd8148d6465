import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { defineJob, JobQueue } from '@parley/platform/jobs';
import { z } from 'zod';
import { AuthRetention } from './auth.retention.js';
import { StoredTokenKeys } from './tokens/stored-token-keys.js';

/** Removes what sign-in no longer looks at, and moves signing keys on in their lives. */
const authCareJob = defineJob({
  name: 'auth.care',
  payload: z.object({}),
  // The next round comes anyway.
  retry: { limit: 0, delaysSeconds: [] },
  deadLetter: false,
  singleton: () => 'auth',
});

const EVERY_FIVE_MINUTES = '*/5 * * * *';

@Injectable()
export class AuthJobs implements OnModuleInit {
  constructor(
    private readonly jobs: JobQueue,
    private readonly retention: AuthRetention,
    private readonly keys: StoredTokenKeys,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.work(authCareJob, (_payload, { signal }) => this.care(signal));
    this.jobs.schedule(authCareJob, EVERY_FIVE_MINUTES, {});
  }

  private async care(signal: AbortSignal): Promise<void> {
    await this.keys.tend();
    let more = true;
    while (more && !signal.aborted) ({ more } = await this.retention.sweep(this.clock.now()));
  }
}
