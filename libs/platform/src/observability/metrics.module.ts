import { type DynamicModule, Global, Module, type Provider, type Type } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Database } from '../database/index.js';
import { HttpMetrics } from './http-metrics.js';
import { Metrics } from './metrics.js';
import { MetricsServer } from './metrics.server.js';
import { MetricsAccess } from './metrics-access.js';

/** Node's own metrics are in it from the start, whether or not there is a door to read them by. */
function makeRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Each application has a registry of its own: two nodes in one process do not count into each other. */
@Module({ providers: [{ provide: Registry, useFactory: makeRegistry }], exports: [Registry] })
class RegistryModule {}

/** Says how the connections of the application's pool are doing, where there is a database. */
function watchPool(metrics: Metrics, database: Database | undefined): boolean {
  if (database === undefined) return false;
  const read = (state: 'total' | 'idle' | 'waiting') => () => database.poolState()[state];
  metrics.gauge({ name: 'parley_db_pool_connections', help: 'Open connections.', read: read('total') });
  metrics.gauge({ name: 'parley_db_pool_idle', help: 'Open connections that nobody uses.', read: read('idle') });
  metrics.gauge({ name: 'parley_db_pool_waiting', help: 'Callers waiting for a connection.', read: read('waiting') });
  return true;
}

const POOL_WATCH: Provider = {
  provide: 'POOL_WATCH',
  useFactory: watchPool,
  inject: [Metrics, { token: Database, optional: true }],
};

@Global()
@Module({})
export class MetricsModule {
  /** For processes without HTTP: counted all the same, and readable on `metrics.port` where one is set. */
  static withoutDoor(): DynamicModule {
    return {
      module: MetricsModule,
      imports: [RegistryModule],
      providers: [Metrics, MetricsServer, POOL_WATCH],
      exports: [Metrics],
    };
  }

  /** @param controller what answers `/metrics` on the main port; who may ask is its matter */
  static forRoot(controller: Type<unknown>): DynamicModule {
    return {
      module: MetricsModule,
      imports: [
        RegistryModule,
        PrometheusModule.registerAsync({
          controller,
          useFactory: () => ({ defaultMetrics: { enabled: false } }),
        }),
      ],
      providers: [Metrics, HttpMetrics, MetricsAccess, MetricsServer, POOL_WATCH],
      exports: [Metrics, HttpMetrics, MetricsAccess],
    };
  }
}
