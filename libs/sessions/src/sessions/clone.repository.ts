import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import { json } from '../turns/stored-json.js';
import {
  insertSession,
  type NewSession,
  ownSession,
  SESSION_COLUMNS,
  type SessionRow,
  type TitleSource,
} from './sessions.repository.js';

@Injectable()
export class CloneRepository {
  constructor(private readonly database: Database) {}

  /** Copies messages, in order and with their families, into a new session whose log tells of them. */
  copyInto(actor: Actor, source: CloneSource, session: NewSession, newId: () => string): Promise<SessionRow> {
    return this.database.as(actor, async (db) => {
      await holdOffErasures(db, actor, source.sessionId);
      const ids = await idsToCopy(db, actor, source);
      const copies = ids.map((old) => ({ old, new: newId() }));
      const title = source.withTitle ? await titleToCopy(db, actor, source.sessionId, ids) : undefined;
      const { question, ...named } = title ?? { question: null };
      await insertSession(db, actor, { ...session, ...named }).execute();
      await copyStatement(actor, source.sessionId, session, copies).execute(db);
      const restsOn = copies.find((copy) => copy.old === question)?.new;
      if (restsOn !== undefined) await tellOfTitle(actor, session, restsOn).execute(db);
      return ownSession(db, actor, session.id).select(SESSION_COLUMNS).executeTakeFirstOrThrow();
    });
  }
}

export interface CloneSource {
  readonly sessionId: string;
  readonly upToSeq: number | null;
  /** Whether the copy is called like its source. */
  readonly withTitle: boolean;
}

interface CopiedTitle {
  readonly title: string | null;
  readonly titleSource: TitleSource;
  /** The message that a title of the program rests on. */
  readonly question: string | null;
}

/** What is read from here on is whole: erasing waits for this lock, sending does not. */
async function holdOffErasures(db: Executor, actor: Actor, sessionId: string): Promise<void> {
  await db
    .selectFrom('sessions')
    .select('id')
    .where('org_id', '=', actor.orgId)
    .where('id', '=', sessionId)
    .forKeyShare()
    .execute();
}

/** A title of the program goes along only with what it was written from, and stays the program's. */
async function titleToCopy(
  db: Executor,
  actor: Actor,
  sessionId: string,
  ids: readonly string[],
): Promise<CopiedTitle | undefined> {
  const { rows } = await sql<CopiedTitle>`
    select s.title, s.title_source as "titleSource", e.message_id as question
    from sessions s left join lateral (
      select e.message_id from session_events e join messages q on q.org_id = e.org_id and q.id = e.message_id
      where e.org_id = s.org_id and e.session_id = s.id and e.type = 'session.updated'
        and e.message_id = any(${[...ids]}::text[]) and e.data->>'title' = s.title
        and (s.title_source = 'excerpt' or exists (
          select from messages a where a.session_id = s.id and a.turn_seq = q.turn_seq and a.role = 'assistant'
            and not a.superseded and a.id = any(${[...ids]}::text[])))
      order by e.seq desc limit 1) as e on true
    where s.org_id = ${actor.orgId} and s.id = ${sessionId}`.execute(db);
  const title = rows[0];
  if (title === undefined || title.titleSource === 'user') return title;
  return title.question === null ? { title: null, titleSource: 'none', question: null } : title;
}

/** The event names the message, so that erasing it takes the title of the copy along. */
function tellOfTitle(actor: Actor, session: NewSession, restsOn: string) {
  return sql`
    with s as (
      update sessions set last_seq = last_seq + 1 where org_id = ${actor.orgId} and id = ${session.id}
      returning last_seq, title)
    insert into session_events (org_id, session_id, seq, type, message_id, at, data)
    select ${actor.orgId}, ${session.id}, s.last_seq, 'session.updated', ${restsOn}, ${session.at},
      jsonb_build_object('title', s.title) from s`;
}

async function idsToCopy(db: Executor, actor: Actor, source: CloneSource): Promise<string[]> {
  const rows = await db
    .selectFrom('messages')
    .select('id')
    .where('org_id', '=', actor.orgId)
    .where('session_id', '=', source.sessionId)
    .where('status', '!=', 'deleted')
    .where('hidden', '=', false)
    .where(sql<boolean>`(${source.upToSeq}::bigint is null or seq <= ${source.upToSeq}::bigint)`)
    .orderBy('seq')
    .execute();
  return rows.map((row) => row.id);
}

function copyStatement(
  actor: Actor,
  sourceId: string,
  session: NewSession,
  copies: readonly { old: string; new: string }[],
) {
  return sql`
    with c as (
      select x.old, x.new, n as seq, m.parent_id, m.turn_seq, m.role, m.author_type, m.author_id, m.author_name, m.content,
        m.parts, m.attachments, m.status, m.superseded, m.finish_reason, m.metadata, m.created_at
      from jsonb_array_elements(${json(copies)}::jsonb) with ordinality as j (pair, n)
        cross join lateral (select j.pair->>'old' as old, j.pair->>'new' as new) as x
        join messages m on m.org_id = ${actor.orgId} and m.id = x.old and m.session_id = ${sourceId}),
    m as (
      insert into messages (org_id, session_id, seq, id, owner_id, parent_id, turn_seq, role, author_type, author_id,
        author_name, content, parts, attachments, status, superseded, finish_reason, metadata, created_at)
      select ${actor.orgId}, ${session.id}, c.seq, c.new, ${actor.principalId}, p.new, coalesce(t.seq, c.seq), c.role,
        c.author_type, c.author_id, c.author_name, c.content, c.parts, c.attachments, c.status, c.superseded,
        c.finish_reason, c.metadata, c.created_at
      from c left join c p on p.old = c.parent_id
        left join messages tm on tm.session_id = ${sourceId} and tm.seq = c.turn_seq
        left join c t on t.old = tm.id),
    e as (
      insert into session_events (org_id, session_id, seq, type, message_id, at)
      select ${actor.orgId}, ${session.id}, c.seq, 'message.created', c.new, ${session.at} from c)
    update sessions set
      last_seq = ${copies.length}::int, message_count = ${copies.length}::int,
      head_message_id = ${copies.at(-1)?.new ?? null},
      last_message_at = (select max(c.created_at) from c)
    where org_id = ${actor.orgId} and id = ${session.id}`;
}
