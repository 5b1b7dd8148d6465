import { randomBytes } from 'node:crypto';
import { Global, Module, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Bus, ProcessBus } from '@parley/platform/bus';
import { Clock, SettableClock } from '@parley/platform/clock';
import { type Config, ConfigModule, configSchema } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { Database } from '@parley/platform/database';
import { type JobDefinition, type JobHandler, JobQueue } from '@parley/platform/jobs';
import { LimiterModule } from '@parley/platform/limiter';
import { Metrics } from '@parley/platform/observability';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { Registry } from 'prom-client';
import { IdentityModule } from './identity.module.js';

/** An identity over a real database, with a clock that tests move. */
export interface IdentityFixture {
  readonly module: TestingModule;
  readonly clock: SettableClock;
  readonly bus: ProcessBus;
  readonly jobs: HeldJobs;
  readonly db: TestDatabase;
  close(): Promise<void>;
}

export interface IdentityOptions {
  /** Another node on the same database: shares it, its clock and its keys. */
  readonly beside?: IdentityFixture;
  readonly auth?: Partial<Config['auth']>;
  readonly admin?: Partial<Config['admin']>;
  readonly limits?: Partial<Config['limits']>;
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
}

/** Keeps handlers, so that a test does a job when it wants to. */
export class HeldJobs extends JobQueue {
  readonly schedules = new Map<string, string>();
  private readonly handlers = new Map<string, () => Promise<void>>();

  send(): Promise<null> {
    return Promise.resolve(null);
  }

  work<P extends object>({ name, payload }: JobDefinition<P>, handler: JobHandler<P>): void {
    const context = { jobId: 'job', attempt: 1, signal: new AbortController().signal, correlationId: 'test' };
    this.handlers.set(name, () => handler(payload.parse({}), context));
  }

  schedule(job: { readonly name: string }, cron: string): void {
    this.schedules.set(job.name, cron);
  }

  async run(name: string): Promise<void> {
    const handler = this.handlers.get(name);
    if (handler === undefined) throw new Error(`nobody does ${name}`);
    await handler();
  }
}

export const PASSWORD = 'correct horse battery staple';

const kek = randomBytes(32).toString('base64');

export function testConfig({ auth, admin, limits }: IdentityOptions = {}): Config {
  const config = configSchema.parse({ env: 'test', keys: { source: 'env', kek } });
  return {
    ...config,
    auth: { ...config.auth, ...auth },
    admin: { ...config.admin, ...admin },
    limits: { ...config.limits, ...limits },
  };
}

export async function openIdentity(options: IdentityOptions = {}): Promise<IdentityFixture> {
  const db = options.beside?.db ?? (await openTestDatabase());
  const clock = options.beside?.clock ?? new SettableClock(Date.parse('2026-11-20T12:00:00Z'));
  const bus = new ProcessBus();
  const jobs = new HeldJobs();
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(testConfig(options)),
      surroundings(db, clock, bus, jobs),
      CryptoModule,
      LimiterModule,
      ...(options.imports ?? [IdentityModule]),
    ],
  }).compile();
  return {
    module,
    clock,
    bus,
    jobs,
    db,
    close: async () => {
      await module.close();
      if (options.beside === undefined) await db.close();
    },
  };
}

/** What the rest of an application gives to identity. */
function surroundings(db: TestDatabase, clock: Clock, bus: Bus, jobs: JobQueue) {
  @Global()
  @Module({
    providers: [
      { provide: Registry, useFactory: () => new Registry() },
      { provide: Metrics, inject: [Registry], useFactory: (registry: Registry) => new Metrics(registry) },
      { provide: Database, useValue: db.database },
      { provide: Clock, useValue: clock },
      { provide: Bus, useValue: bus },
      { provide: JobQueue, useValue: jobs },
    ],
    exports: [Registry, Metrics, Database, Clock, Bus, JobQueue],
  })
  class Surroundings {}
  return Surroundings;
}
