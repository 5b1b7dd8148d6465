/**
 * - `up`: does what it should;
 * - `degraded`: does without it, or with less, and loses nothing;
 * - `down`: what needs it fails.
 */
export interface HealthState {
  readonly status: 'up' | 'degraded' | 'down';
  /** For whoever may look at an open page: no address, name of a host, key or text of a foreign error. */
  readonly reason?: string;
}

/** One thing that a node depends on. Every library can offer one; `HealthModule.forRoot` shows them. */
export interface HealthIndicator {
  /** Under `checks` in `GET /health`. */
  readonly name: string;
  /** Further names of the same check. */
  readonly aliases?: readonly string[];
  /** Without it this node should get no requests: it decides about `GET /health/ready`. */
  readonly critical: boolean;
  /** Quick, and never calls a model. Something thrown counts as `down` without a reason. */
  check(): Promise<HealthState>;
}
