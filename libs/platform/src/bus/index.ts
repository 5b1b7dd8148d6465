export { Bus, type BusListener, type BusMessage, type BusMode, type BusOrigin, type BusSubscription } from './bus.js';
export { BusModule } from './bus.module.js';
export { ProcessBus } from './process-bus.js';
