import { type Kysely, type Migration, sql } from 'kysely';

type Schema = Kysely<unknown>;

/** Sessions, messages, runs and the log. */
async function up(db: Schema): Promise<void> {
  await sessions(db);
  await messages(db);
  await runs(db);
  await log(db);
  await summaries(db);
  await feedback(db);
  await settingsAndUsage(db);
}

async function sessions(db: Schema): Promise<void> {
  // previous_head_id lets that statement return what head_message_id was before: the new message's parent.
  // last_seq, active_run_id and queued_runs are advanced by the statement that locks the row: whoever
  // holds the lock knows whether the session is busy, and commit order is the log's order.
  await sql`
    create table sessions (
      org_id text collate "C" not null,
      id text collate "C" not null,
      owner_id text collate "C" not null,
      use_case text not null,
      title text,
      title_source text not null default 'none' check (title_source in ('none', 'excerpt', 'model', 'user')),
      status text not null default 'active' check (status in ('active', 'archived')),
      settings jsonb not null default '{}',
      tags text[] not null default '{}',
      metadata jsonb not null default '{}',
      message_count integer not null default 0,
      last_seq bigint not null default 0,
      version integer not null default 1,
      active_run_id text collate "C",
      head_message_id text collate "C",
      previous_head_id text collate "C",
      queued_runs integer not null default 0,
      last_message_at timestamptz,
      last_activity_at timestamptz not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz,
      primary key (org_id, id),
      foreign key (org_id, owner_id) references memberships (org_id, principal_id)
    ) with (fillfactor = 60)`.execute(db);
  await sql`
    create index sessions_recent on sessions (org_id, owner_id, last_activity_at desc, id desc)
    where deleted_at is null`.execute(db);
  // What the dispatcher looks for. The predicate names nothing that an ordinary turn changes: the update that ends
  // one then touches no index.
  await sql`create index sessions_waiting_work on sessions (org_id, id) where queued_runs > 0`.execute(db);
}

// Whose a message, a run or a rating is follows from its session, which refers to the membership of its owner. A second
// reference to it from each row would lock that one row of a person in every turn.
async function messages(db: Schema): Promise<void> {
  await sql`
    create table messages (
      org_id text collate "C" not null,
      session_id text collate "C" not null,
      seq bigint not null,
      id text collate "C" not null,
      owner_id text collate "C" not null,
      run_id text collate "C",
      parent_id text collate "C",
      turn_seq bigint not null,
      role text not null check (role in ('user', 'assistant', 'system', 'tool')),
      author_type text not null check (author_type in ('user', 'agent', 'system')),
      author_id text not null,
      author_name text,
      content text not null,
      parts jsonb,
      attachments jsonb,
      status text not null check (status in ('complete', 'partial', 'deleted')),
      superseded boolean not null default false,
      hidden boolean not null default false,
      finish_reason text,
      metadata jsonb not null default '{}',
      client_message_id text,
      created_at timestamptz not null,
      primary key (session_id, seq),
      unique (org_id, id),
      foreign key (org_id, session_id) references sessions (org_id, id)
    )`.execute(db);
  await sql`
    create unique index messages_client_id on messages (session_id, client_message_id)
    where client_message_id is not null`.execute(db);
  // The history that a model is shown: turn order, however long the session.
  await sql`
    create index messages_history on messages (session_id, turn_seq, seq)
    where not superseded and not hidden and status in ('complete', 'partial')`.execute(db);
}

async function runs(db: Schema): Promise<void> {
  await sql`
    create table runs (
      org_id text collate "C" not null,
      id text collate "C" not null,
      session_id text collate "C" not null,
      owner_id text collate "C" not null,
      message_id text collate "C" not null,
      message_seq bigint not null,
      queue_seq bigint not null,
      regenerates boolean not null default false,
      status text not null check (status in ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')),
      attempt integer not null default 0,
      lease_owner text collate "C",
      lease_until timestamptz,
      cancel_requested boolean not null default false,
      actor jsonb not null,
      use_case text not null,
      use_case_version integer not null,
      context jsonb not null default '{}',
      settings jsonb,
      settings_adjusted jsonb,
      error jsonb,
      usage jsonb,
      component_results jsonb,
      correlation_id text,
      last_seq bigint not null,
      created_at timestamptz not null,
      started_at timestamptz,
      finished_at timestamptz,
      primary key (org_id, id),
      foreign key (org_id, session_id) references sessions (org_id, id),
      foreign key (org_id, message_id) references messages (org_id, id)
    ) with (fillfactor = 70)`.execute(db);
  await sql`create unique index runs_one_at_a_time on runs (session_id) where status in ('running', 'waiting')`.execute(
    db,
  );
  await sql`create index runs_queue on runs (session_id, queue_seq) where status = 'queued'`.execute(db);
  await sql`create index runs_running_of on runs (org_id, owner_id) where status = 'running'`.execute(db);
  await sql`create index runs_of_message on runs (org_id, message_id)`.execute(db);
}

async function log(db: Schema): Promise<void> {
  await sql`
    create table message_drafts (
      org_id text collate "C" not null,
      session_id text collate "C" not null,
      run_id text collate "C" not null,
      message_id text collate "C" not null,
      author_id text not null,
      author_name text,
      "offset" integer not null,
      text text not null,
      primary key (run_id, message_id, "offset")
    )`.execute(db);

  // No reference to the session: an event is appended only by the statement that advances that row's last_seq, and a
  // check of each of a turn's six would cost as much as the events.
  await sql`
    create table session_events (
      org_id text collate "C" not null,
      session_id text collate "C" not null,
      seq bigint not null,
      type text not null,
      run_id text collate "C",
      message_id text collate "C",
      at timestamptz not null,
      data jsonb,
      primary key (session_id, seq)
    )`.execute(db);
  // Titles by the turn that they were written from, to be found when it is erased.
  await sql`create index session_events_titles on session_events (session_id, message_id)
    where type = 'session.updated' and message_id is not null`.execute(db);
}

async function summaries(db: Schema): Promise<void> {
  // One rolling summary of what has left the window. through_* is the place in turn order up to which it
  // reaches, context_window the window that it was written for: it is written anew for the same one.
  // Whoever writes it has claimed the row, which then is there before there is a summary: it holds nothing.
  await sql`
    create table session_summaries (
      org_id text collate "C" not null,
      session_id text collate "C" not null,
      content text,
      source_message_ids text[] not null default '{}',
      through_turn bigint not null default 0,
      through_seq bigint not null default 0,
      context_window integer not null,
      tainted boolean not null default false,
      claimed_until timestamptz,
      written_at timestamptz,
      primary key (org_id, session_id),
      foreign key (org_id, session_id) references sessions (org_id, id)
    )`.execute(db);
}

async function feedback(db: Schema): Promise<void> {
  await sql`
    create table feedback (
      org_id text collate "C" not null,
      id text collate "C" not null,
      owner_id text collate "C" not null,
      session_id text collate "C" not null,
      message_id text collate "C" not null,
      rating text not null check (rating in ('up', 'down')),
      comment text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      primary key (org_id, id),
      unique (org_id, message_id, owner_id),
      foreign key (org_id, message_id) references messages (org_id, id)
    )`.execute(db);
}

async function settingsAndUsage(db: Schema): Promise<void> {
  await sql`
    create table use_case_overrides (
      org_id text collate "C" not null references organisations (id),
      name text not null,
      settings jsonb not null default '{}',
      bounds jsonb not null default '{}',
      locked text[] not null default '{}',
      enabled boolean not null default true,
      version integer not null default 1,
      updated_by text collate "C" not null,
      updated_at timestamptz not null,
      primary key (org_id, name)
    )`.execute(db);

  // Outlives sessions and users: no foreign keys.
  await sql`
    create table usage (
      id bigint generated always as identity primary key,
      org_id text collate "C" not null,
      principal_id text collate "C" not null,
      session_id text collate "C",
      run_id text collate "C",
      purpose text not null,
      provider text not null,
      model text not null,
      input_tokens integer not null,
      output_tokens integer not null,
      cost_usd numeric(14, 8),
      estimated boolean not null default false,
      at timestamptz not null
    )`.execute(db);
  await sql`create index usage_of on usage (org_id, principal_id, at)`.execute(db);
}

async function down(db: Schema): Promise<void> {
  await sql`
    drop table usage, use_case_overrides, feedback, session_summaries, session_events, message_drafts, runs, messages, sessions`.execute(
    db,
  );
}

export const conversations: Migration = { up, down };
