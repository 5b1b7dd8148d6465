export { Bus, type BusListener, type BusMessage, type BusMode, type BusOrigin, type BusSubscription } from './bus.js';
export { BusModule } from './bus.module.js';
export { NotifyBus, type NotifyBusSettings } from './notify-bus.js';
export { type ChannelListener, PgListener } from './pg-listener.js';
export { ProcessBus } from './process-bus.js';
export { RedisBus, type RedisBusSettings } from './redis-bus.js';
