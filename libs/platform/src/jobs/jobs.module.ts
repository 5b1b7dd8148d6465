import { type DynamicModule, Global, Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';
import { DatabaseAccess } from '../database/index.js';
import { JobAdmin } from './job-admin.js';
import { JOBS_POOL, JobEngine } from './job-engine.js';
import { JobQueue } from './job-queue.js';
import { JobsMetrics } from './jobs.metrics.js';
import { JobsRepository } from './jobs.repository.js';
import { JobsRole, PgBossQueue } from './pgboss-queue.js';

export interface JobsOptions {
  /** Whether this process works jobs and keeps the schedules, or only sends. */
  readonly work: boolean;
}

/** Durable jobs on PostgreSQL. Needs `jobSchema` among the companions of the database module. */
@Global()
@Module({})
export class JobsModule {
  static forRoot({ work }: JobsOptions): DynamicModule {
    return {
      module: JobsModule,
      providers: [
        {
          provide: JOBS_POOL,
          inject: [CONFIG, DatabaseAccess],
          useFactory: (config: Config, access: DatabaseAccess) =>
            access.openPool(config.database.jobs_pool_size, 'parley jobs'),
        },
        { provide: JobsRole, useValue: new JobsRole(work) },
        JobEngine,
        JobsRepository,
        JobsMetrics,
        { provide: JobQueue, useClass: PgBossQueue },
        JobAdmin,
      ],
      exports: [JobQueue, JobAdmin],
    };
  }
}
