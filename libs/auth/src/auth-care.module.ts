import { Module } from '@nestjs/common';
import { AuthJobs } from './auth.jobs.js';
import { IdentityModule } from './identity.module.js';

/** The regular care of what sign-in keeps: for every process that works jobs, with doors or without. */
@Module({ imports: [IdentityModule], providers: [AuthJobs] })
export class AuthCareModule {}
