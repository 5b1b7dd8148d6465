import { Global, Module } from '@nestjs/common';
import { Metrics } from '@parley/platform/observability';
import { Registry } from 'prom-client';

/** Libraries count as they do in a server; nobody reads the counts of a command. */
@Global()
@Module({
  providers: [
    { provide: Registry, useFactory: () => new Registry() },
    { provide: Metrics, inject: [Registry], useFactory: (registry: Registry) => new Metrics(registry) },
  ],
  exports: [Metrics],
})
export class UnreadMetricsModule {}
