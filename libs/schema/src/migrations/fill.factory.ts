import { DEFAULT_ORG_ID } from '../index.js';

const ORG = `'${DEFAULT_ORG_ID}'`;

/** By migration: rows in every table that it makes, as a small installation has them when the next one comes. */
export const FILL: Readonly<Record<string, string>> = {
  '0001-identity': `
    insert into principals (id, kind, created_at) values ('usr_1', 'user', now());
    insert into users (principal_id, email, email_key, updated_at)
      values ('usr_1', 'a@example.org', 'a@example.org', now());
    insert into credentials (principal_id, password_hash, changed_at) values ('usr_1', 'x', now());
    insert into memberships (org_id, principal_id, joined_at) values (${ORG}, 'usr_1', now());
    insert into role_grants (org_id, principal_id, role, granted_at) values (${ORG}, 'usr_1', 'user', now());
    insert into logins (id, org_id, principal_id, created_at, auth_time, last_seen_at, expires_at, amr)
      values ('lgn_1', ${ORG}, 'usr_1', now(), now(), now(), now(), '{pwd}');
    insert into refresh_tokens (hash, login_id, issued_at, expires_at) values ('\\x01', 'lgn_1', now(), now());
    insert into login_failures (identifier, network, at) values ('\\x02', '192.0.2.0/24', now());
    insert into login_locks (identifier, network, until) values ('\\x02', '192.0.2.0/24', now());
    insert into data_keys (id, level, purpose, wrapped_by, wrapped, created_at)
      values ('dky_1', 'installation', 'all', 'kek', 'pe1.x', now());
    insert into signing_keys (kid, algorithm, state, public_jwk, created_at)
      values ('sgk_1', 'ES256', 'active', '{}', now());
    insert into rate_limits (key, points) values ('auth.login:192.0.2.7', 1);
    insert into idempotency_keys (org_id, principal_id, key, fingerprint, state, created_at, expires_at)
      values (${ORG}, 'usr_1', 'k', '\\x03', 'done', now(), now());
    insert into nodes (id, role, version, started_at, seen_at) values ('nod_1', 'api', '0.0.1', now(), now());
  `,
  '0002-conversations': `
    insert into sessions (org_id, id, owner_id, use_case, last_activity_at, created_at, updated_at)
      values (${ORG}, 'ses_1', 'usr_1', 'basic_chat', now(), now(), now());
    insert into messages
      (org_id, session_id, seq, id, owner_id, turn_seq, role, author_type, author_id, content, status, created_at)
      values (${ORG}, 'ses_1', 1, 'msg_1', 'usr_1', 1, 'user', 'user', 'usr_1', 'hello', 'complete', now());
    insert into runs (org_id, id, session_id, owner_id, message_id, message_seq, queue_seq, status, actor, use_case,
      use_case_version, last_seq, created_at)
      values (${ORG}, 'run_1', 'ses_1', 'usr_1', 'msg_1', 1, 2, 'completed', '{}', 'basic_chat', 1, 3, now());
    insert into session_events (org_id, session_id, seq, type, at) values (${ORG}, 'ses_1', 1, 'message.created', now());
    insert into message_drafts (org_id, session_id, run_id, message_id, author_id, "offset", text)
      values (${ORG}, 'ses_1', 'run_1', 'msg_2', 'default', 0, 'so far');
    insert into session_summaries (org_id, session_id, content, context_window) values (${ORG}, 'ses_1', 'short', 20);
    insert into feedback (org_id, id, owner_id, session_id, message_id, rating, created_at, updated_at)
      values (${ORG}, 'fbk_1', 'usr_1', 'ses_1', 'msg_1', 'up', now(), now());
    insert into use_case_overrides (org_id, name, updated_by, updated_at) values (${ORG}, 'basic_chat', 'usr_1', now());
    insert into usage (org_id, principal_id, purpose, provider, model, input_tokens, output_tokens, at)
      values (${ORG}, 'usr_1', 'answer', 'offline', 'offline', 1, 1, now());
  `,
};
