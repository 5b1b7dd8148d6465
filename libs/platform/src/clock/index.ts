export { Clock, SettableClock } from './clock.js';
export { ClockModule } from './clock.module.js';
