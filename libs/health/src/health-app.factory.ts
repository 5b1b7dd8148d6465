import { type DynamicModule, Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AuthModule } from '@parley/auth';
import { BusModule } from '@parley/platform/bus';
import { ClockModule } from '@parley/platform/clock';
import { type Config, ConfigModule } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { DatabaseModule } from '@parley/platform/database';
import { configureHttp, HttpModule } from '@parley/platform/http';
import { JobsModule, jobSchema } from '@parley/platform/jobs';
import { LifecycleModule } from '@parley/platform/lifecycle';
import { LimiterModule, LimitGuardModule } from '@parley/platform/limiter';
import { MetricsModule } from '@parley/platform/observability';
import { migrations } from '@parley/schema';
import { HEALTH_PATHS, HealthModule, MetricsController } from './index.js';

/** A serving process without the product: what starts, what is looked at, and what leaves. */
@Module({})
export class HealthApp {
  static forRoot(config: Config): DynamicModule {
    return {
      module: HealthApp,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule,
        LifecycleModule.forRoot({ role: 'api', version: '0.0.0' }),
        DatabaseModule.forRoot({ presence: 'serve', schema: { migrations, companions: [jobSchema] } }),
        CryptoModule,
        BusModule,
        JobsModule.forRoot({ work: true }),
        MetricsModule.forRoot(MetricsController),
        HttpModule,
        AuthModule,
        LimiterModule,
        LimitGuardModule,
        HealthModule.forRoot(),
      ],
    };
  }
}

export function configureHealthApp(app: NestExpressApplication, config: Config): void {
  configureHttp(app, config);
  app.setGlobalPrefix('api/v1', { exclude: [...HEALTH_PATHS] });
}
