import type { ComponentName, Limits } from '../declaration/declaration.js';

/** Bounds of one run, with everything that a declaration leaves out. */
export interface RunLimits {
  readonly wall_clock_seconds: number;
  readonly model_calls: number;
  /** US dollars; null: no bound of its own. */
  readonly cost_usd: number | null;
  readonly leave_seconds: number;
}

const MODEL_CALLS = 40;
const LEAVE_SECONDS = 5;
/** Least wall clock where many models speak, or files are looked at, before there is an answer. */
const LONG_SECONDS = 300;
const LONG: ReadonlySet<ComponentName> = new Set(['multi_agent', 'multimodal']);

/** @param wallClockSeconds the deployment's default */
export function runLimits(limits: Limits, answers: ComponentName, wallClockSeconds: number): RunLimits {
  const usual = LONG.has(answers) ? Math.max(LONG_SECONDS, wallClockSeconds) : wallClockSeconds;
  return {
    wall_clock_seconds: limits.wall_clock_seconds ?? usual,
    model_calls: limits.model_calls ?? MODEL_CALLS,
    cost_usd: limits.cost_usd ?? null,
    leave_seconds: limits.leave_seconds ?? LEAVE_SECONDS,
  };
}
