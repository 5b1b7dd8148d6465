import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor, part, Statement } from '@parley/platform/database';
import type { SessionsTable } from '@parley/schema';
import { type Selectable, sql } from 'kysely';

export const SESSION_COLUMNS = [
  'id',
  'owner_id',
  'use_case',
  'title',
  'title_source',
  'status',
  'settings',
  'tags',
  'metadata',
  'message_count',
  'last_seq',
  'version',
  'last_message_at',
  'last_activity_at',
  'created_at',
  'updated_at',
] as const;

export type SessionRow = Pick<Selectable<SessionsTable>, (typeof SESSION_COLUMNS)[number]>;

export type TurnSession = Pick<SessionRow, 'id' | 'use_case' | 'settings' | 'title_source'>;

const FOR_TURN = new Statement<{ readonly actor: Actor; readonly sessionId: string }, TurnSession>(part`
  select id, use_case, settings, title_source from sessions
  where org_id = ${({ actor }) => actor.orgId} and id = ${({ sessionId }) => sessionId}
    and owner_id = ${({ actor }) => actor.principalId} and deleted_at is null`);

/** Who wrote a title: the program, from the first message or by a model, or a person. */
export type TitleSource = 'none' | 'excerpt' | 'model' | 'user';

export interface NewSession {
  readonly id: string;
  readonly useCase: string;
  readonly title: string | null;
  /** Without: the user's, where there is a title. */
  readonly titleSource?: TitleSource;
  readonly settings: Record<string, unknown>;
  readonly tags: string[];
  readonly metadata: Record<string, unknown>;
  readonly at: Date;
}

export interface SessionFilter {
  readonly useCase?: string;
  readonly tag?: string;
  readonly status?: 'active' | 'archived';
  readonly words?: string;
}

export interface SessionChange {
  readonly title?: string | null;
  readonly titleSource?: TitleSource;
  readonly tags?: string[];
  readonly metadata?: Record<string, unknown>;
  readonly settings?: Record<string, unknown>;
  readonly status?: 'active' | 'archived';
}

/** Where a page of sessions goes on: the list runs by latest activity, then id. */
export interface SessionPosition {
  readonly at: Date;
  readonly id: string;
}

@Injectable()
export class SessionsRepository {
  constructor(private readonly database: Database) {}

  insert(actor: Actor, session: NewSession): Promise<SessionRow> {
    return this.database.as(actor, (db) =>
      insertSession(db, actor, session).returning(SESSION_COLUMNS).executeTakeFirstOrThrow(),
    );
  }

  find(actor: Actor, sessionId: string): Promise<SessionRow | undefined> {
    return this.database.as(actor, (db) => ownSession(db, actor, sessionId).select(SESSION_COLUMNS).executeTakeFirst());
  }

  /** What a turn must know of its session before it is taken in. */
  async forTurn(actor: Actor, sessionId: string): Promise<TurnSession | undefined> {
    const found = FOR_TURN.of({ actor, sessionId });
    await this.database.look(actor, found);
    return found.rows[0];
  }

  /** A page of the actor's sessions in the order of their last activity, from behind `page.after`. */
  page(
    actor: Actor,
    filter: SessionFilter,
    page: { after: SessionPosition | null; limit: number; order: 'asc' | 'desc' },
  ): Promise<SessionRow[]> {
    return this.database.as(actor, (db) => {
      let query = db
        .selectFrom('sessions')
        .select(SESSION_COLUMNS)
        .where('org_id', '=', actor.orgId)
        .where('owner_id', '=', actor.principalId)
        .where('deleted_at', 'is', null);
      if (filter.useCase !== undefined) query = query.where('use_case', '=', filter.useCase);
      if (filter.status !== undefined) query = query.where('status', '=', filter.status);
      if (filter.tag !== undefined) query = query.where(sql<boolean>`${filter.tag} = any(tags)`);
      if (filter.words !== undefined) query = query.where(sql<boolean>`title ilike ${pattern(filter.words)}`);
      if (page.after !== null) {
        const { at, id } = page.after;
        query = query.where(
          page.order === 'desc'
            ? sql<boolean>`(last_activity_at, id) < (${at}, ${id})`
            : sql<boolean>`(last_activity_at, id) > (${at}, ${id})`,
        );
      }
      return query.orderBy('last_activity_at', page.order).orderBy('id', page.order).limit(page.limit).execute();
    });
  }

  /**
   * Changes a session under its lock: `decide` sees the row as it is and says what changes, or throws.
   * Appends `session.updated`; without any change nothing is appended and the version stays.
   */
  change(
    actor: Actor,
    sessionId: string,
    at: Date,
    decide: (session: SessionRow) => SessionChange,
  ): Promise<{ session: SessionRow; appended: boolean } | undefined> {
    return this.database.as(actor, async (db) => {
      const session = await ownSession(db, actor, sessionId).select(SESSION_COLUMNS).forUpdate().executeTakeFirst();
      if (session === undefined) return undefined;
      const change = decide(session);
      const members = changedMembers(change);
      if (Object.keys(members).length === 0) return { session, appended: false };
      const changed = await db
        .updateTable('sessions')
        .set({
          ...columnsOf(change),
          version: session.version + 1,
          last_seq: session.last_seq + 1,
          updated_at: at,
        })
        .where('org_id', '=', actor.orgId)
        .where('id', '=', sessionId)
        .returning(SESSION_COLUMNS)
        .executeTakeFirstOrThrow();
      await db
        .insertInto('session_events')
        .values({
          org_id: actor.orgId,
          session_id: sessionId,
          seq: changed.last_seq,
          type: 'session.updated',
          run_id: null,
          message_id: null,
          at,
          data: JSON.stringify(members),
        })
        .execute();
      return { session: changed, appended: true };
    });
  }

  /**
   * Soft: rows stay until retention purges them. Runs that wait or are under way end; returns the latter.
   * `decide` sees the version under the lock, and throws where nothing is to be done.
   */
  remove(
    actor: Actor,
    sessionId: string,
    at: Date,
    decide: (version: number) => void = () => undefined,
  ): Promise<{ activeRunId: string | null } | undefined> {
    return this.database.as(actor, async (db) => {
      const row = await db
        .updateTable('sessions')
        .set({ deleted_at: at, updated_at: at, queued_runs: 0 })
        .where('org_id', '=', actor.orgId)
        .where('id', '=', sessionId)
        .where('owner_id', '=', actor.principalId)
        .where('deleted_at', 'is', null)
        .returning(['active_run_id', 'version'])
        .executeTakeFirst();
      if (row === undefined) return undefined;
      decide(row.version);
      await db
        .updateTable('runs')
        .set({ status: 'cancelled', finished_at: at })
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId)
        .where('status', '=', 'queued')
        .execute();
      // If the control message misses the run's node, its next lease renewal sees this flag.
      await db
        .updateTable('runs')
        .set({ cancel_requested: true })
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId)
        .where('status', 'in', ['running', 'waiting'])
        .execute();
      return { activeRunId: row.active_run_id };
    });
  }
}

export function insertSession(db: Executor, actor: Actor, session: NewSession) {
  return db.insertInto('sessions').values({
    org_id: actor.orgId,
    id: session.id,
    owner_id: actor.principalId,
    use_case: session.useCase,
    title: session.title,
    title_source: session.titleSource ?? (session.title === null ? 'none' : 'user'),
    settings: JSON.stringify(session.settings),
    tags: session.tags,
    metadata: JSON.stringify(session.metadata),
    last_activity_at: session.at,
    created_at: session.at,
    updated_at: session.at,
  });
}

/** The row of a session that is the actor's and not deleted; what to select of it is the caller's to say. */
export function ownSession(db: Executor, actor: Actor, sessionId: string) {
  return db
    .selectFrom('sessions')
    .where('org_id', '=', actor.orgId)
    .where('id', '=', sessionId)
    .where('owner_id', '=', actor.principalId)
    .where('deleted_at', 'is', null);
}

function pattern(words: string): string {
  return `%${words.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
}

/** What the event says: the members as they stand now. Contents stay out of the log. */
function changedMembers(change: SessionChange): Record<string, unknown> {
  const { titleSource: _, ...members } = change;
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function columnsOf(change: SessionChange) {
  return {
    ...(change.title === undefined ? {} : { title: change.title }),
    ...(change.titleSource === undefined ? {} : { title_source: change.titleSource }),
    ...(change.tags === undefined ? {} : { tags: change.tags }),
    ...(change.status === undefined ? {} : { status: change.status }),
    ...(change.metadata === undefined ? {} : { metadata: JSON.stringify(change.metadata) }),
    ...(change.settings === undefined ? {} : { settings: JSON.stringify(change.settings) }),
  };
}
