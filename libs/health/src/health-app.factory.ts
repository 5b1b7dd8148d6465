import { type DynamicModule, type LogLevel, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AuthModule } from '@parley/auth';
import { BusModule } from '@parley/platform/bus';
import { ClockModule } from '@parley/platform/clock';
import { type Config, ConfigModule } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { type DatabaseAccess, DatabaseModule, openDatabase } from '@parley/platform/database';
import { API_PREFIX, configureHttp, HttpModule } from '@parley/platform/http';
import { JobsModule } from '@parley/platform/jobs';
import { LifecycleModule } from '@parley/platform/lifecycle';
import { LimiterModule, LimitGuardModule } from '@parley/platform/limiter';
import { MetricsModule } from '@parley/platform/observability';
import { schemaSource } from '@parley/schema';
import { HEALTH_PATHS, HealthModule, MetricsController } from './index.js';

/** A serving process without the product: what starts, what is looked at, and what leaves. */
@Module({})
class HealthApp {
  static forAccess(config: Config, access: DatabaseAccess): DynamicModule {
    return {
      module: HealthApp,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule,
        LifecycleModule.forRoot({ role: 'api', version: '0.0.0' }),
        DatabaseModule.forAccess(access, schemaSource),
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

/** Everything but listening. */
export async function openHealthApp(config: Config, logger: LogLevel[] | false): Promise<NestExpressApplication> {
  const access = await openDatabase(config, { presence: 'serve', schema: schemaSource });
  try {
    const app = await NestFactory.create<NestExpressApplication>(HealthApp.forAccess(config, access), {
      bodyParser: false,
      logger,
      abortOnError: false,
    });
    configureHttp(app, config);
    app.setGlobalPrefix(API_PREFIX, { exclude: [...HEALTH_PATHS] });
    return app;
  } catch (error) {
    await access.close();
    throw error;
  }
}
