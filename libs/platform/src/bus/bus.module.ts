import { type BeforeApplicationShutdown, Global, Logger, Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';
import { DatabaseAccess } from '../database/index.js';
import { NodeId } from '../lifecycle/index.js';
import { Bus } from './bus.js';
import { NotifyBus } from './notify-bus.js';
import { PgListener } from './pg-listener.js';
import { RedisBus } from './redis-bus.js';

/**
 * Redis where it is configured, else PostgreSQL: also the process that owns the embedded database
 * listens, because workers and commands may join it; while it is alone its bus is a `process` one and
 * says nothing to the database.
 */
function openBus(config: Config, node: NodeId, line: PgListener, access: DatabaseAccess): Bus {
  const nodeId = node.value;
  if (config.redis.url !== null) {
    const bus = new RedisBus({ url: config.redis.url, prefix: config.redis.prefix, nodeId });
    bus.open().catch((error: unknown) => new Logger(BusModule.name).error({ msg: 'the bus did not open', err: error }));
    return bus;
  }
  const bus = new NotifyBus(line, { nodeId, ownsDatabase: access.mode === 'embedded' && node.role === 'api' });
  bus.open();
  return bus;
}

@Global()
@Module({
  providers: [
    {
      provide: PgListener,
      inject: [DatabaseAccess],
      useFactory: (access: DatabaseAccess) => new PgListener(() => access.makeClient('parley listen')),
    },
    { provide: Bus, inject: [CONFIG, NodeId, PgListener, DatabaseAccess], useFactory: openBus },
  ],
  exports: [Bus, PgListener],
})
export class BusModule implements BeforeApplicationShutdown {
  constructor(private readonly line: PgListener) {}

  /** After the bus has taken its leave (Nest asks a module after its providers). */
  async beforeApplicationShutdown(): Promise<void> {
    await this.line.close();
  }
}
