export { DRAIN_PHASES, Drain, type DrainPhase, type DrainTurn } from './drain.js';
export type { HealthIndicator, HealthState } from './health-indicator.js';
export { LifecycleModule, type LifecycleOptions } from './lifecycle.module.js';
export { NodeId, type NodeRole } from './node-id.js';
export { NodeRegistry } from './node-registry.js';
export type { LiveNode } from './nodes.repository.js';
export { programCommit } from './program-commit.js';
export { programVersion } from './program-version.js';
export { leaveOnSignals } from './signals.js';
