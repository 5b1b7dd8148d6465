export { Bus, type BusListener, type BusMessage, type BusSubscription } from './bus.js';
export { BusModule } from './bus.module.js';
export { PgListener } from './pg-listener.js';
export { ProcessBus } from './process-bus.js';
