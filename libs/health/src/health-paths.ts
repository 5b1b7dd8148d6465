import { API_PREFIX } from '@parley/platform/http';

const NAMES = ['health/live', 'health/ready', 'health', 'status', 'metrics'] as const;

/** Where a thing of this library is served: at the root, where probes look, and under both prefixes. */
export function everywhere(name: (typeof NAMES)[number]): string[] {
  return [name, `api/${name}`, `${API_PREFIX}/${name}`];
}

/**
 * The paths that this library serves as they stand: to be excluded from a global prefix
 * (`app.setGlobalPrefix(API_PREFIX, { exclude: [...HEALTH_PATHS] })`).
 */
export const HEALTH_PATHS: readonly string[] = NAMES.flatMap(everywhere);
