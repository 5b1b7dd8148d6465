export { Drain, type DrainTurn } from './drain.js';
export type { HealthIndicator, HealthState } from './health-indicator.js';
export { keepHeapSmall } from './heap.js';
export { LifecycleModule } from './lifecycle.module.js';
export { NodeId } from './node-id.js';
export { NodeRegistry } from './node-registry.js';
export { programCommit } from './program-commit.js';
export { programVersion } from './program-version.js';
export { leaveOnSignals } from './signals.js';
