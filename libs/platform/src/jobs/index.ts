export { defineJob, type JobDefinition } from './define-job.js';
export { type DeadLetter, JobAdmin } from './job-admin.js';
export { type JobHandler, JobQueue } from './job-queue.js';
export { JobsModule } from './jobs.module.js';
export type { JobCounts } from './jobs.repository.js';
export { jobSchema } from './pgboss.migration.js';
