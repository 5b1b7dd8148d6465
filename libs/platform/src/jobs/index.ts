export { defineJob, type JobDefinition, type JobRetry } from './define-job.js';
export { type DeadLetter, type DeadLetterFilter, JobAdmin } from './job-admin.js';
export { type JobContext, type JobHandler, JobQueue, type SendOptions, type WorkOptions } from './job-queue.js';
export { JobsModule, type JobsOptions } from './jobs.module.js';
export type { JobCounts } from './jobs.repository.js';
export { jobSchema } from './pgboss.migration.js';
