export { LIMIT_CLASSES, type LimitClassName, type LimitKey, type LimitRule } from '../config/index.js';
export { LimitClass } from './limit-class.js';
export { Limiter, type LimitKeys, type LimitState, limitHeaders } from './limiter.js';
export { LimiterModule, LimitGuardModule } from './limiter.module.js';
