import { type DynamicModule, Module } from '@nestjs/common';
import { AdminModule } from '@parley/admin';
import { AuthModule } from '@parley/auth';
import { ChatModule } from '@parley/chat';
import { HealthModule, MetricsController } from '@parley/health';
import { LlmModule, ModelsIndicator } from '@parley/llm';
import { BusModule } from '@parley/platform/bus';
import { ClockModule } from '@parley/platform/clock';
import { type Config, ConfigModule } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { type DatabaseAccess, DatabaseModule } from '@parley/platform/database';
import { DocsModule, HttpModule } from '@parley/platform/http';
import { JobsModule } from '@parley/platform/jobs';
import { LifecycleModule, programVersion } from '@parley/platform/lifecycle';
import { LimiterModule, LimitGuardModule } from '@parley/platform/limiter';
import { LoggingModule, MetricsModule, type ProgramLog } from '@parley/platform/observability';
import { SocketsModule } from '@parley/platform/sockets';
import { schemaSource } from '@parley/schema';
import { SessionsModule } from '@parley/sessions';
import { UseCasesModule } from '@parley/use-cases';
import { errorCatalogues } from './error-catalogues.js';

/** The table of contents. */
@Module({})
export class AppModule {
  /**
   * @param database opened and migrated already; its opener closes it
   * @param log opened before all
   */
  static forRoot(config: Config, database: DatabaseAccess, log: ProgramLog): DynamicModule {
    return {
      module: AppModule,
      imports: [
        // the ground
        ConfigModule.forRoot(config),
        ClockModule,
        LoggingModule.forRoot(log),
        LifecycleModule.forRoot({ role: 'api', version: programVersion() }),
        DatabaseModule.forAccess(database, schemaSource),
        CryptoModule,
        BusModule,
        JobsModule.forRoot({ work: true }),
        MetricsModule.forRoot(MetricsController),
        // the edge: who comes in is known before it is counted
        HttpModule,
        SocketsModule,
        AuthModule,
        LimiterModule,
        LimitGuardModule,
        DocsModule.forRoot(errorCatalogues),
        // the product
        LlmModule,
        UseCasesModule,
        SessionsModule,
        ChatModule,
        AdminModule,
        HealthModule.forRoot([ModelsIndicator], [LlmModule]),
      ],
    };
  }
}
