import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import { json } from './accept.repository.js';
import { insertSession, type NewSession, ownSession, type SessionRow } from './sessions.repository.js';

@Injectable()
export class CloneRepository {
  constructor(private readonly database: Database) {}

  /** Copies messages, in order and with their families, into a new session whose log tells of them. */
  copyInto(
    actor: Actor,
    source: { sessionId: string; upToSeq: number | null },
    session: NewSession,
    newId: () => string,
  ): Promise<SessionRow> {
    return this.database.as(actor, async (db) => {
      await insertSession(db, actor, session).execute();
      const ids = await idsToCopy(db, actor, source);
      const copies = ids.map((old) => ({ old, new: newId() }));
      await copyStatement(actor, source.sessionId, session, copies).execute(db);
      return ownSession(db, actor, session.id).executeTakeFirstOrThrow();
    });
  }
}

async function idsToCopy(
  db: Executor,
  actor: Actor,
  source: { sessionId: string; upToSeq: number | null },
): Promise<string[]> {
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
