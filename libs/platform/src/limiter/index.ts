export type { LimitClassName } from '../config/index.js';
export { LimitClass } from './limit-class.js';
export { Limiter, type LimitKeys, limitHeaders } from './limiter.js';
export { LimiterModule, LimitGuardModule } from './limiter.module.js';
