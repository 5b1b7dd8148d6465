import { NO_ORGANISATION } from '@parley/platform/database';
import type { Permission } from './permissions.js';

/**
 * A principal and the way it came in. The first argument of every service and repository method.
 * It says what was true when it was read: rights are read anew for every request.
 */
export interface Actor {
  readonly kind: 'user' | 'service' | 'trial' | 'system';
  readonly principalId: string;
  readonly orgId: string;
  /** What others see: the display name, else the username; null for whoever has neither. */
  readonly name: string | null;
  /** IANA name, `preferences.time_zone` of its profile, unchecked; null: none named. */
  readonly timeZone: string | null;
  /** The login (one signed-in device) it came in by; null for jobs and the program itself. */
  readonly loginId: string | null;
  /** The signing key of the token it came in with; null where that is no stored key, or where there was no token. */
  readonly signingKeyId: string | null;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<Permission>;
}

/** Names the program itself as a principal: it has no row, no credential and no role. */
const PROGRAM = 'system';

const NONE: ReadonlySet<Permission> = new Set();

/** The program acting for an organisation, with exactly the permissions that this piece of work declares. */
export function systemActor(orgId: string, permissions: readonly Permission[]): Actor {
  return {
    kind: 'system',
    principalId: PROGRAM,
    orgId,
    name: null,
    timeZone: null,
    loginId: null,
    signingKeyId: null,
    roles: [],
    permissions: permissions.length === 0 ? NONE : new Set(permissions),
  };
}

/** The program acting on what belongs to no organisation: sign-in names, signing keys, nodes. */
export const INSTALLATION: Actor = systemActor(NO_ORGANISATION.orgId, []);
