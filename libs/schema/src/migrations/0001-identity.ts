import { type Kysely, type Migration, sql } from 'kysely';

type Schema = Kysely<unknown>;

/** Organisations, principals, logins, keys: everything that says who somebody is. */
async function up(db: Schema): Promise<void> {
  await principals(db);
  await memberships(db);
  await logins(db);
  await keys(db);
  await requests(db);
}

async function principals(db: Schema): Promise<void> {
  await sql`
    create table organisations (
      id text collate "C" primary key,
      name text not null,
      time_zone text not null default 'UTC',
      is_home boolean not null default false,
      created_at timestamptz not null
    )`.execute(db);
  await sql`create unique index organisations_home on organisations (is_home) where is_home`.execute(db);
  await sql`
    insert into organisations (id, name, is_home, created_at)
    values ('org_00000000000000000000000000', 'Home', true, transaction_timestamp())`.execute(db);

  await sql`
    create table principals (
      id text collate "C" primary key,
      kind text not null check (kind in ('user', 'service', 'trial', 'system')),
      status text not null default 'active' check (status in ('active', 'disabled', 'erasing')),
      authz_version integer not null default 1,
      trial_of text collate "C" references principals (id), -- whose trial this throw-away principal is
      created_at timestamptz not null
    )`.execute(db);
  await sql`
    create table users (
      principal_id text collate "C" primary key references principals (id),
      email text, email_key text collate "C" unique,
      username text, username_key text collate "C" unique,
      display_name text,
      preferences jsonb not null default '{}',
      metadata jsonb not null default '{}',
      version integer not null default 1,
      updated_at timestamptz not null,
      last_login_at timestamptz
    )`.execute(db);
  await sql`
    create table credentials (
      principal_id text collate "C" primary key references principals (id),
      password_hash text not null,
      changed_at timestamptz not null
    )`.execute(db);
}

async function memberships(db: Schema): Promise<void> {
  // Whose rows may lie in an organisation: every owned row refers to (org_id, principal_id) here.
  await sql`
    create table memberships (
      org_id text collate "C" not null references organisations (id),
      principal_id text collate "C" not null references principals (id),
      status text not null default 'active' check (status in ('active', 'left')),
      joined_at timestamptz not null,
      primary key (org_id, principal_id)
    )`.execute(db);
  await sql`
    create table role_grants (
      org_id text collate "C" not null,
      principal_id text collate "C" not null,
      role text not null,
      expires_at timestamptz,
      granted_by text collate "C",
      granted_at timestamptz not null,
      primary key (org_id, principal_id, role),
      foreign key (org_id, principal_id) references memberships (org_id, principal_id)
    )`.execute(db);
}

async function logins(db: Schema): Promise<void> {
  await sql`
    create table logins (
      id text collate "C" primary key,
      org_id text collate "C" not null,
      principal_id text collate "C" not null,
      created_at timestamptz not null,
      auth_time timestamptz not null,
      last_seen_at timestamptz not null,
      expires_at timestamptz not null,
      ended_at timestamptz,
      end_reason text,
      amr text[] not null,
      ip text, network text, user_agent text,
      foreign key (org_id, principal_id) references memberships (org_id, principal_id)
    )`.execute(db);
  await sql`create index logins_of on logins (principal_id, last_seen_at) where ended_at is null`.execute(db);
  await sql`create index logins_networks on logins (principal_id, network, created_at)`.execute(db);
  await sql`
    create table refresh_tokens (
      hash bytea primary key,
      login_id text collate "C" not null references logins (id) on delete cascade,
      issued_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      replay_key bytea, replay_sealed text, replay_until timestamptz
    )`.execute(db);
  await sql`create index refresh_tokens_login on refresh_tokens (login_id)`.execute(db);
  // Failed sign-ins, whether or not the identifier exists; kept for an hour.
  await sql`
    create table login_failures (
      id bigint generated always as identity primary key,
      identifier bytea not null,
      network text not null,
      at timestamptz not null
    )`.execute(db);
  await sql`create index login_failures_pair on login_failures (identifier, at, network)`.execute(db);
  await sql`
    create table login_locks (
      identifier bytea not null,
      network text not null,
      until timestamptz not null,
      primary key (identifier, network)
    )`.execute(db);
}

async function keys(db: Schema): Promise<void> {
  await sql`
    create table data_keys (
      id text collate "C" primary key,
      level text not null check (level in ('installation', 'organisation', 'leaf')),
      purpose text not null,
      org_id text collate "C" references organisations (id),
      subject text,
      state text not null default 'active' check (state in ('active', 'retired')),
      wrapped_by text not null,
      wrapped text not null,
      reserved bigint not null default 0,
      created_at timestamptz not null
    )`.execute(db);
  await sql`create index data_keys_wrapped_by on data_keys (wrapped_by, id) where level <> 'leaf'`.execute(db);
  await sql`
    create unique index data_keys_active on data_keys (level, purpose, coalesce(org_id, ''), coalesce(subject, ''))
    where state = 'active'`.execute(db);
  await sql`
    create table signing_keys (
      kid text collate "C" primary key,
      algorithm text not null,
      state text not null check (state in ('next', 'active', 'retired', 'revoked')),
      public_jwk jsonb not null,
      private_sealed text,
      created_at timestamptz not null,
      activated_at timestamptz,
      retired_at timestamptz
    )`.execute(db);
  await sql`create unique index signing_keys_active on signing_keys (state) where state = 'active'`.execute(db);
}

async function requests(db: Schema): Promise<void> {
  // Shape of rate-limiter-flexible's PostgreSQL store: auth limits are counted for all nodes together.
  await sql`create table rate_limits (key varchar(255) primary key, points integer not null default 0, expire bigint)`.execute(
    db,
  );
  await sql`create index rate_limits_expire on rate_limits (expire)`.execute(db);
  await sql`
    create table idempotency_keys (
      org_id text collate "C" not null references organisations (id),
      principal_id text collate "C" not null references principals (id),
      key text collate "C" not null,
      fingerprint bytea not null,
      state text not null check (state in ('running', 'done')),
      status integer,
      answer_sealed text,
      run_id text collate "C", -- of a message or regeneration: a replay joins this run
      created_at timestamptz not null,
      expires_at timestamptz not null,
      primary key (principal_id, key)
    )`.execute(db);
  await sql`create index idempotency_keys_expiry on idempotency_keys (expires_at)`.execute(db);
  await sql`
    create table nodes (
      id text collate "C" primary key,
      role text not null,
      version text not null,
      started_at timestamptz not null,
      seen_at timestamptz not null
    )`.execute(db);
}

async function down(db: Schema): Promise<void> {
  await sql`
    drop table nodes, idempotency_keys, rate_limits, signing_keys, data_keys, login_locks, login_failures,
      refresh_tokens, logins, role_grants, memberships, credentials, users, principals, organisations`.execute(db);
}

export const identity: Migration = { up, down };
