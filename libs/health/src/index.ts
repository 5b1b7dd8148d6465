export { HealthModule } from './health.module.js';
export { HEALTH_PATHS } from './health-paths.js';
export { MetricsController } from './metrics.controller.js';
