import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { LimitGuard } from './limit.guard.js';
import { LimitStores } from './limit-stores.js';
import { Limiter } from './limiter.js';
import { LimiterStorage } from './limiter.storage.js';

/** The one limiter, for everybody. */
@Global()
@Module({ providers: [LimitStores, Limiter, LimiterStorage], exports: [Limiter, LimiterStorage] })
export class LimiterModule {}

/**
 * Its guard for HTTP. Nest runs global guards in the order in which their modules are imported, the root
 * module's own first: so this module stands after the one that says who is asking.
 */
@Module({
  imports: [
    LimiterModule,
    ThrottlerModule.forRootAsync({
      imports: [LimiterModule],
      inject: [LimiterStorage],
      useFactory: (storage: LimiterStorage) => ({
        throttlers: [{ name: 'anonymous', ttl: 60_000, limit: 60 }],
        storage,
      }),
    }),
  ],
  providers: [LimitGuard, { provide: APP_GUARD, useExisting: LimitGuard }],
})
export class LimitGuardModule {}
