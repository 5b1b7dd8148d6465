import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { HealthIndicator } from '@parley/platform/lifecycle';
import { HealthController } from './health.controller.js';
import { HealthRepository } from './health.repository.js';
import { HealthService, INDICATORS } from './health.service.js';
import { DatabaseIndicator } from './indicators/database.indicator.js';
import { DiskIndicator } from './indicators/disk.indicator.js';
import { EventLoopIndicator } from './indicators/event-loop.indicator.js';
import { MemoryIndicator } from './indicators/memory.indicator.js';
import { MigrationsIndicator } from './indicators/migrations.indicator.js';
import { RedisIndicator } from './indicators/redis.indicator.js';
import { StorageIndicator } from './indicators/storage.indicator.js';
import { StatusController } from './status.controller.js';
import { StatusService } from './status.service.js';

const BEFORE = [DatabaseIndicator, MigrationsIndicator, RedisIndicator, StorageIndicator];
const AFTER = [MemoryIndicator, DiskIndicator, EventLoopIndicator];

/** Live, ready, whole and status. Their paths are complete: exclude `HEALTH_PATHS` from a global prefix. */
@Module({})
export class HealthModule {
  /**
   * @param offered indicators of other libraries
   * @param libraries the modules that export them
   */
  static forRoot(
    offered: readonly Type<HealthIndicator>[] = [],
    libraries: readonly Type<unknown>[] = [],
  ): DynamicModule {
    return {
      module: HealthModule,
      // What is down is in the answer and in the indicators' own log lines.
      imports: [TerminusModule.forRoot({ logger: false }), ...libraries],
      controllers: [HealthController, StatusController],
      providers: [
        ...BEFORE,
        ...AFTER,
        { provide: INDICATORS, useValue: [...BEFORE, ...offered, ...AFTER] },
        HealthRepository,
        HealthService,
        StatusService,
      ],
    };
  }
}
