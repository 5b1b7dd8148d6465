import type { Permission } from './permissions.js';

/** How far a permission goes: one's own objects and those shared with one, or all of the organisation. */
export type Reach = 'own' | 'organisation';

/** What a role may do. A permission that is absent is refused. */
export type RolePermissions = Readonly<Partial<Record<Permission, Reach>>>;

export const ROLE_NAMES = ['user', 'moderator', 'auditor', 'operator', 'admin', 'service'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

/** What everybody does with what is theirs, service accounts too. */
const CONVERSATION = own([
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
  'media:read',
  'media:write',
  'search:read',
  'knowledge:read',
  'knowledge:write',
  'memory:read',
  'memory:write',
  'persona:read',
  'persona:write',
  'prompt:read',
  'prompt:write',
  'task:read',
  'task:write',
  'critique:read',
  'critique:write',
  'trace:read',
  'trace:delete',
  'tool:read_only',
  'socket:connect',
]);

/** What only people do: their account, and sharing what is theirs. */
const PERSONAL = own([
  'key:manage',
  'login:manage',
  'privacy:self',
  'authz:explain',
  'budget:read',
  'share:manage',
  'team:create',
]);

const RESTRICTED_TOOLS = own(['tool:restricted']);
const MODERATION = all(['content:moderate', 'search:all']);
const AUDIT = all(['audit:read', 'audit:export', 'audit:verify', 'policy:read', 'user:read']);
const OBSERVATION = all(['metrics:read', 'system:read', 'config:read']);
/** Spending of everybody, to look at; changing a budget is `budget:manage`. */
const SPENDING = all(['usage:read_all', 'budget:read']);
const OPERATION = all(['system:operate', 'job:operate', 'limit:manage']);
const ADMINISTRATION = all([
  'prompt:publish',
  'use_case:configure',
  'mcp:accept',
  'user:manage',
  'role:manage',
  'policy:manage',
  'org:manage',
  'team:manage',
  'identity:manage',
  'key:revoke_any',
  'login:revoke_any',
  'budget:manage',
  'privacy:manage',
  'retention:manage',
  'hold:manage',
  'secret:rotate',
]);

const USER = { ...CONVERSATION, ...PERSONAL, ...RESTRICTED_TOOLS };

/**
 * The roles that exist everywhere and cannot be changed. No role reads other people's conversations by being a role.
 */
export const BUILT_IN_ROLES: Readonly<Record<RoleName, RolePermissions>> = {
  user: USER,
  moderator: { ...USER, ...MODERATION },
  auditor: { ...CONVERSATION, ...PERSONAL, ...AUDIT, ...OBSERVATION, ...SPENDING },
  operator: { ...USER, ...OBSERVATION, ...OPERATION, ...SPENDING },
  admin: {
    ...USER,
    ...own(['tool:sandboxed', 'tool:trusted']),
    ...MODERATION,
    ...AUDIT,
    ...OBSERVATION,
    ...OPERATION,
    ...SPENDING,
    ...ADMINISTRATION,
  },
  service: { ...CONVERSATION, ...RESTRICTED_TOOLS },
};

export function isRoleName(text: string): text is RoleName {
  return Object.hasOwn(BUILT_IN_ROLES, text);
}

function own(permissions: readonly Permission[]): RolePermissions {
  return reaching('own', permissions);
}

function all(permissions: readonly Permission[]): RolePermissions {
  return reaching('organisation', permissions);
}

function reaching(reach: Reach, permissions: readonly Permission[]): RolePermissions {
  return Object.fromEntries(permissions.map((permission) => [permission, reach]));
}
