import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { DefaultJsonObject, JsonObject, Timestamp } from './columns.js';

export interface OrganisationsTable {
  id: string;
  name: string;
  time_zone: Generated<string>;
  is_home: Generated<boolean>;
  created_at: Timestamp;
}

export interface PrincipalsTable {
  id: string;
  kind: 'user' | 'service' | 'trial' | 'system';
  status: Generated<'active' | 'disabled' | 'erasing'>;
  authz_version: Generated<number>;
  trial_of: string | null;
  created_at: Timestamp;
}

export interface UsersTable {
  principal_id: string;
  email: string | null;
  email_key: string | null;
  username: string | null;
  username_key: string | null;
  display_name: string | null;
  preferences: DefaultJsonObject;
  metadata: DefaultJsonObject;
  version: Generated<number>;
  updated_at: Timestamp;
  last_login_at: Timestamp | null;
}

export interface CredentialsTable {
  principal_id: string;
  password_hash: string;
  changed_at: Timestamp;
}

export interface MembershipsTable {
  org_id: string;
  principal_id: string;
  status: Generated<'active' | 'left'>;
  joined_at: Timestamp;
}

export interface RoleGrantsTable {
  org_id: string;
  principal_id: string;
  role: string;
  expires_at: Timestamp | null;
  granted_by: string | null;
  granted_at: Timestamp;
}

export interface LoginsTable {
  id: string;
  org_id: string;
  principal_id: string;
  created_at: Timestamp;
  auth_time: Timestamp;
  last_seen_at: Timestamp;
  expires_at: Timestamp;
  ended_at: Timestamp | null;
  end_reason: string | null;
  amr: string[];
  ip: string | null;
  network: string | null;
  user_agent: string | null;
}

export interface RefreshTokensTable {
  hash: Buffer;
  login_id: string;
  issued_at: Timestamp;
  expires_at: Timestamp;
  used_at: Timestamp | null;
  replay_key: Buffer | null;
  replay_sealed: string | null;
  replay_until: Timestamp | null;
}

export interface LoginFailuresTable {
  id: GeneratedAlways<string>;
  identifier: Buffer;
  network: string;
  at: Timestamp;
}

export interface LoginLocksTable {
  identifier: Buffer;
  network: string;
  until: Timestamp;
}

export interface DataKeysTable {
  id: string;
  level: 'installation' | 'organisation' | 'leaf';
  purpose: string;
  org_id: string | null;
  subject: string | null;
  state: Generated<'active' | 'retired'>;
  wrapped_by: string;
  wrapped: string;
  /** Values that the key may have sealed by now; set aside in blocks before they are. */
  reserved: ColumnType<number, number | undefined, number>;
  created_at: Timestamp;
}

export interface SigningKeysTable {
  kid: string;
  algorithm: string;
  state: 'next' | 'active' | 'retired' | 'revoked';
  public_jwk: JsonObject;
  private_sealed: string | null;
  created_at: Timestamp;
  activated_at: Timestamp | null;
  retired_at: Timestamp | null;
}

export interface IdempotencyKeysTable {
  org_id: string;
  principal_id: string;
  key: string;
  fingerprint: Buffer;
  state: 'running' | 'done';
  status: number | null;
  answer_sealed: string | null;
  run_id: string | null;
  created_at: Timestamp;
  expires_at: Timestamp;
}

export interface NodesTable {
  id: string;
  role: string;
  version: string;
  started_at: Timestamp;
  seen_at: Timestamp;
}
