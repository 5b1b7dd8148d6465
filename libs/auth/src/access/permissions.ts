/**
 * Every permission of the product; roles grant them, routes, socket events and jobs ask for them. Most belong to parts
 * that later versions bring.
 */
export const PERMISSIONS = [
  'session:create',
  'session:read',
  'session:update',
  'session:delete',
  'session:export',
  'message:send',
  'message:read',
  'message:delete',
  'run:cancel',
  'run:input',
  'use_case:read',
  'use_case:test',
  'use_case:configure',
  'media:read',
  'media:write',
  'search:read',
  'search:all',
  'knowledge:read',
  'knowledge:write',
  'memory:read',
  'memory:write',
  'persona:read',
  'persona:write',
  'prompt:read',
  'prompt:write',
  'prompt:publish',
  'task:read',
  'task:write',
  'critique:read',
  'critique:write',
  'trace:read',
  'trace:delete',
  'tool:read_only',
  'tool:restricted',
  'tool:sandboxed',
  'tool:trusted',
  'socket:connect',
  'key:manage',
  'key:revoke_any',
  'login:manage',
  'login:revoke_any',
  'privacy:self',
  'privacy:manage',
  'authz:explain',
  'budget:read',
  'budget:manage',
  'usage:read_all',
  'share:manage',
  'team:create',
  'team:manage',
  'content:moderate',
  'mcp:accept',
  'audit:read',
  'audit:export',
  'audit:verify',
  'policy:read',
  'policy:manage',
  'user:read',
  'user:manage',
  'role:manage',
  'org:manage',
  'identity:manage',
  'metrics:read',
  'system:read',
  'system:operate',
  'config:read',
  'job:operate',
  'limit:manage',
  'retention:manage',
  'hold:manage',
  'secret:rotate',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

const KNOWN: ReadonlySet<string> = new Set(PERMISSIONS);

export function isPermission(text: string): text is Permission {
  return KNOWN.has(text);
}

/**
 * What opens some part of `/admin`. Whoever holds none of these is told that there is nothing; whoever holds
 * another one, that this part needs more.
 */
const ADMINISTRATIVE: ReadonlySet<string> = new Set<Permission>([
  'use_case:configure',
  'content:moderate',
  'mcp:accept',
  'audit:read',
  'audit:export',
  'audit:verify',
  'policy:read',
  'policy:manage',
  'user:read',
  'user:manage',
  'role:manage',
  'org:manage',
  'identity:manage',
  'budget:manage',
  'system:operate',
  'config:read',
  'job:operate',
  'limit:manage',
  'privacy:manage',
  'retention:manage',
  'hold:manage',
  'secret:rotate',
]);

export function isAdministrative(permission: string): boolean {
  return ADMINISTRATIVE.has(permission);
}
