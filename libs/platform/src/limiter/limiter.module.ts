import { Global, Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { LimitGuard } from './limit.guard.js';
import { LimitStores } from './limit-stores.js';
import { Limiter } from './limiter.js';
import { LimiterStorage } from './limiter.storage.js';

@Module({ providers: [LimitStores, Limiter, LimiterStorage], exports: [LimitStores, Limiter, LimiterStorage] })
class LimitCountersModule {}

/**
 * The limiter for everybody, and its guard for HTTP, which the application puts after authentication:
 * `{ provide: APP_GUARD, useExisting: LimitGuard }`.
 */
@Global()
@Module({
  imports: [
    LimitCountersModule,
    ThrottlerModule.forRootAsync({
      imports: [LimitCountersModule],
      inject: [LimiterStorage],
      useFactory: (storage: LimiterStorage) => ({
        throttlers: [{ name: 'anonymous', ttl: 60_000, limit: 60 }],
        storage,
      }),
    }),
  ],
  providers: [LimitGuard],
  exports: [LimitCountersModule, LimitGuard],
})
export class LimiterModule {}
