import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { Bigint, DefaultJson, DefaultJsonObject, Json, Timestamp } from './columns.js';

export interface SessionsTable {
  org_id: string;
  id: string;
  owner_id: string;
  use_case: string;
  title: string | null;
  title_source: Generated<'none' | 'excerpt' | 'model' | 'user'>;
  status: Generated<'active' | 'archived'>;
  settings: DefaultJsonObject;
  tags: ColumnType<string[], string[] | undefined, string[]>;
  metadata: DefaultJsonObject;
  message_count: Generated<number>;
  last_seq: ColumnType<number, number | undefined, number>;
  version: Generated<number>;
  active_run_id: string | null;
  head_message_id: string | null;
  previous_head_id: string | null;
  queued_runs: Generated<number>;
  last_message_at: Timestamp | null;
  last_activity_at: Timestamp;
  created_at: Timestamp;
  updated_at: Timestamp;
  deleted_at: Timestamp | null;
}

export interface MessagesTable {
  org_id: string;
  session_id: string;
  seq: Bigint;
  id: string;
  owner_id: string;
  run_id: string | null;
  parent_id: string | null;
  turn_seq: Bigint;
  role: 'user' | 'assistant' | 'system' | 'tool';
  author_type: 'user' | 'agent' | 'system';
  author_id: string;
  author_name: string | null;
  content: string;
  parts: Json | null;
  attachments: Json | null;
  status: 'complete' | 'partial' | 'deleted';
  superseded: Generated<boolean>;
  hidden: Generated<boolean>;
  finish_reason: string | null;
  metadata: DefaultJsonObject;
  client_message_id: string | null;
  created_at: Timestamp;
}

export interface RunsTable {
  org_id: string;
  id: string;
  session_id: string;
  owner_id: string;
  message_id: string;
  message_seq: Bigint;
  queue_seq: Bigint;
  regenerates: Generated<boolean>;
  status: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';
  attempt: Generated<number>;
  lease_owner: string | null;
  lease_until: Timestamp | null;
  cancel_requested: Generated<boolean>;
  actor: Json;
  use_case: string;
  use_case_version: number;
  context: DefaultJson;
  settings: Json | null;
  settings_adjusted: Json | null;
  error: Json | null;
  usage: Json | null;
  component_results: Json | null;
  correlation_id: string | null;
  last_seq: Bigint;
  created_at: Timestamp;
  started_at: Timestamp | null;
  finished_at: Timestamp | null;
}

export interface MessageDraftsTable {
  org_id: string;
  session_id: string;
  run_id: string;
  message_id: string;
  author_id: string;
  author_name: string | null;
  offset: number;
  text: string;
}

export interface SessionEventsTable {
  org_id: string;
  session_id: string;
  seq: Bigint;
  type: string;
  run_id: string | null;
  message_id: string | null;
  at: Timestamp;
  data: Json | null;
}

export interface SessionSummariesTable {
  org_id: string;
  session_id: string;
  content: string | null;
  source_message_ids: ColumnType<string[], string[] | undefined, string[]>;
  through_turn: ColumnType<number, number | undefined, number>;
  through_seq: ColumnType<number, number | undefined, number>;
  context_window: number;
  tainted: Generated<boolean>;
  claimed_until: Timestamp | null;
  written_at: Timestamp | null;
}

export interface FeedbackTable {
  org_id: string;
  id: string;
  owner_id: string;
  session_id: string;
  message_id: string;
  rating: 'up' | 'down';
  comment: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface UseCaseOverridesTable {
  org_id: string;
  name: string;
  settings: DefaultJsonObject;
  bounds: DefaultJsonObject;
  locked: ColumnType<string[], string[] | undefined, string[]>;
  enabled: Generated<boolean>;
  version: Generated<number>;
  updated_by: string;
  updated_at: Timestamp;
}

export interface UsageTable {
  id: GeneratedAlways<string>;
  org_id: string;
  principal_id: string;
  session_id: string | null;
  run_id: string | null;
  purpose: string;
  provider: string;
  model: string;
  input_tokens: number;
  output_tokens: number;
  cost_usd: ColumnType<string | null, number | null, number | null>;
  estimated: Generated<boolean>;
  at: Timestamp;
}
