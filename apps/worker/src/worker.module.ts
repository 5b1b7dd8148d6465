import { type DynamicModule, Module } from '@nestjs/common';
import { AuthCareModule } from '@parley/auth';
import { RunsModule } from '@parley/chat';
import { BusModule } from '@parley/platform/bus';
import { ClockModule } from '@parley/platform/clock';
import { type Config, ConfigModule } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { type DatabaseAccess, DatabaseModule } from '@parley/platform/database';
import { HttpModule } from '@parley/platform/http';
import { JobsModule } from '@parley/platform/jobs';
import { LifecycleModule, programVersion } from '@parley/platform/lifecycle';
import { LoggingModule, MetricsModule, type ProgramLog } from '@parley/platform/observability';
import { schemaSource } from '@parley/schema';

/** The same libraries as the serving process, without its doors. */
@Module({})
export class WorkerModule {
  /**
   * @param database opened and checked already; its opener closes it
   * @param log opened before all
   */
  static forRoot(config: Config, database: DatabaseAccess, log: ProgramLog): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule,
        LoggingModule.forRoot(log),
        LifecycleModule.forRoot({ role: 'worker', version: programVersion() }),
        DatabaseModule.forAccess(database, schemaSource),
        CryptoModule,
        BusModule,
        JobsModule.forRoot({ work: true }),
        MetricsModule.withoutDoor(),
        HttpModule,
        AuthCareModule,
        RunsModule,
      ],
    };
  }
}
