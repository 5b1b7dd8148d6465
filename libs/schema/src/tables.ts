import type {
  FeedbackTable,
  MessageDraftsTable,
  MessagesTable,
  RunsTable,
  SessionEventsTable,
  SessionSummariesTable,
  SessionsTable,
  UsageTable,
  UseCaseOverridesTable,
} from './conversations.tables.js';
import type {
  CredentialsTable,
  DataKeysTable,
  IdempotencyKeysTable,
  LoginFailuresTable,
  LoginLocksTable,
  LoginsTable,
  MembershipsTable,
  NodesTable,
  OrganisationsTable,
  PrincipalsTable,
  RefreshTokensTable,
  RoleGrantsTable,
  SigningKeysTable,
  UsersTable,
} from './identity.tables.js';

declare module '@parley/platform/database' {
  interface Tables {
    organisations: OrganisationsTable;
    principals: PrincipalsTable;
    users: UsersTable;
    credentials: CredentialsTable;
    memberships: MembershipsTable;
    role_grants: RoleGrantsTable;
    logins: LoginsTable;
    refresh_tokens: RefreshTokensTable;
    login_failures: LoginFailuresTable;
    login_locks: LoginLocksTable;
    data_keys: DataKeysTable;
    signing_keys: SigningKeysTable;
    idempotency_keys: IdempotencyKeysTable;
    nodes: NodesTable;
    sessions: SessionsTable;
    messages: MessagesTable;
    runs: RunsTable;
    message_drafts: MessageDraftsTable;
    session_events: SessionEventsTable;
    session_summaries: SessionSummariesTable;
    feedback: FeedbackTable;
    use_case_overrides: UseCaseOverridesTable;
    usage: UsageTable;
  }
}
