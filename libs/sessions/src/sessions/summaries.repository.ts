import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Executor } from '@parley/platform/database';
import { sql } from 'kysely';
import { bookCall } from '../turns/ledger.repository.js';
import type { LedgerEntry } from '../turns/turns.types.js';

/** How many of the last messages stand in the prompt as they are, and how many more begin a new summary. */
export interface SummaryRule {
  readonly window: number;
  readonly threshold: number;
}

/** A place in turn order. */
interface Place {
  readonly turn: number;
  readonly seq: number;
}

type MaybePlace = Place | { readonly turn: null; readonly seq: null };

/** A message that goes into a summary. */
export interface SourceMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant' | 'system' | 'tool';
  readonly content: string;
  readonly status: 'complete' | 'partial' | 'deleted';
  readonly turn: number;
  readonly seq: number;
  /** It rests on text of documents, files, the web or tools. */
  readonly tainted: boolean;
}

/** What a summary is renewed from. */
export interface SummaryMaterial {
  /** Null: it is written anew, or for the first time. */
  readonly previous: {
    readonly content: string;
    readonly sourceIds: readonly string[];
    readonly tainted: boolean;
  } | null;
  /** Where the stored one reached when this was read; null where none was stored. */
  readonly stored: Place | null;
  /** What comes next in turn order and has left the window; never empty. */
  readonly messages: readonly SourceMessage[];
}

export interface NewSummary {
  readonly content: string;
  readonly from: SummaryMaterial;
  /** Messages that the prompt shows as they are, when it was written. */
  readonly window: number;
  /** The model call that it cost, for the ledger. */
  readonly call: LedgerEntry;
  readonly at: Date;
}

const isHistory = sql`not superseded and not hidden and status in ('complete', 'partial')`;

/** Rolling summaries of what is older than the window of history. */
@Injectable()
export class SummariesRepository {
  constructor(private readonly database: Database) {}

  /**
   * Whether with this turn (null: the last one) `threshold` messages that no summary holds have left the window.
   * Later turns do not count: each is looked at once, however quickly the next one follows.
   */
  due(actor: Actor, sessionId: string, turn: number | null, { window, threshold }: SummaryRule): Promise<boolean> {
    const enough = window + threshold;
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ n: number }>`
        with s as (
          select through_turn, through_seq from session_summaries
          where org_id = ${actor.orgId} and session_id = ${sessionId})
        select count(*)::int as n from (
          select from messages
          where session_id = ${sessionId} and org_id = ${actor.orgId} and ${isHistory}
            and (${turn}::bigint is null or turn_seq <= ${turn}::bigint)
            and (turn_seq, seq) > (coalesce((select through_turn from s), 0), coalesce((select through_seq from s), 0))
          limit ${enough}::int) as unheld`.execute(db);
      return (rows[0]?.n ?? 0) >= enough;
    });
  }

  /** Keeps others from writing it until then, or until it is let go; false where somebody else does. */
  claim(actor: Actor, sessionId: string, window: number, now: Date, until: Date): Promise<boolean> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql`
        insert into session_summaries (org_id, session_id, context_window, claimed_until)
        select org_id, id, ${window}::int, ${until} from sessions
        where org_id = ${actor.orgId} and id = ${sessionId} and deleted_at is null
        on conflict (org_id, session_id) do update set claimed_until = excluded.claimed_until
        where session_summaries.claimed_until is null or session_summaries.claimed_until < ${now}
        returning session_id`.execute(db);
      return rows.length > 0;
    });
  }

  async letGo(actor: Actor, sessionId: string): Promise<void> {
    await this.database.as(actor, (db) =>
      db
        .updateTable('session_summaries')
        .set({ claimed_until: null })
        .where('org_id', '=', actor.orgId)
        .where('session_id', '=', sessionId)
        .execute(),
    );
  }

  /**
   * What the summary is to be renewed from, at most `limit` messages at once; undefined where nothing has
   * left the window that it does not hold. One whose sources are no history any more is written anew.
   */
  material(actor: Actor, sessionId: string, window: number, limit: number): Promise<SummaryMaterial | undefined> {
    return this.database.as(actor, async (db) => {
      const stored = await readStored(db, actor, sessionId);
      const previous =
        stored?.sound === true && stored.content !== null ? { ...stored, content: stored.content } : null;
      const messages = await leftSince(db, actor, { sessionId, after: previous, window, limit });
      if (messages.length === 0) return undefined;
      return { previous, stored: stored === undefined ? null : { turn: stored.turn, seq: stored.seq }, messages };
    });
  }

  /** False when the material is not what is there any more: another one wrote, or a source was erased. */
  set(actor: Actor, sessionId: string, summary: NewSummary): Promise<boolean> {
    return this.database.as(actor, async (db) => {
      await bookCall(db, actor, sessionId, summary.call, summary.at);
      return (await stands(db, actor, sessionId, summary.from)) && (await put(db, actor, sessionId, summary));
    });
  }
}

async function readStored(db: Executor, actor: Actor, sessionId: string) {
  const { rows } = await sql<Place & { content: string | null; sourceIds: string[]; tainted: boolean; sound: boolean }>`
    select s.content, s.source_message_ids as "sourceIds", s.through_turn as turn, s.through_seq as seq, s.tainted,
      not exists (
        select from messages where org_id = s.org_id and id = any(s.source_message_ids) and not (${isHistory})) as sound
    from session_summaries s where s.org_id = ${actor.orgId} and s.session_id = ${sessionId}`.execute(db);
  return rows[0];
}

async function leftSince(
  db: Executor,
  actor: Actor,
  from: { sessionId: string; after: Place | null; window: number; limit: number },
): Promise<SourceMessage[]> {
  const { sessionId, after, window, limit } = from;
  const { rows } = await sql<SourceMessage>`
    with first_out as (
      select turn_seq, seq from messages
      where session_id = ${sessionId} and org_id = ${actor.orgId} and ${isHistory}
      order by turn_seq desc, seq desc offset ${window}::int limit 1)
    select m.id, m.role, m.content, m.status, m.turn_seq as turn, m.seq, m.metadata ? 'tainted_by' as tainted
    from messages m join first_out o on (m.turn_seq, m.seq) <= (o.turn_seq, o.seq)
      join sessions s on s.org_id = m.org_id and s.id = m.session_id and s.deleted_at is null
    where m.session_id = ${sessionId} and m.org_id = ${actor.orgId}
      and not m.superseded and not m.hidden and m.status in ('complete', 'partial')
      and (m.turn_seq, m.seq) > (${after?.turn ?? 0}::bigint, ${after?.seq ?? 0}::bigint)
    order by m.turn_seq, m.seq limit ${limit}::int`.execute(db);
  return rows;
}

/** The lock first: an erasure that came before it is then seen, and a later one finds the summary. */
async function stands(db: Executor, actor: Actor, sessionId: string, from: SummaryMaterial): Promise<boolean> {
  const session = await db
    .selectFrom('sessions')
    .select('id')
    .where('org_id', '=', actor.orgId)
    .where('id', '=', sessionId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (session === undefined) return false;
  const ids = [...(from.previous?.sourceIds ?? []), ...from.messages.map(({ id }) => id)];
  const { rows } = await sql<MaybePlace & { sound: boolean }>`
    select s.through_turn as turn, s.through_seq as seq, not exists (
      select from messages where org_id = ${actor.orgId} and id = any(${ids}::text[]) and not (${isHistory})) as sound
    from (select) as nothing
      left join session_summaries s on s.org_id = ${actor.orgId} and s.session_id = ${sessionId}`.execute(db);
  const now = rows[0];
  return now?.sound === true && isSamePlace(now, from.stored ?? NOWHERE);
}

const NOWHERE = { turn: null, seq: null };

function isSamePlace(one: MaybePlace, other: MaybePlace): boolean {
  return one.turn === other.turn && one.seq === other.seq;
}

async function put(db: Executor, actor: Actor, sessionId: string, summary: NewSummary): Promise<boolean> {
  const { from, content, window, at } = summary;
  const last = from.messages.at(-1);
  if (last === undefined) return false;
  const row = {
    content,
    source_message_ids: [...(from.previous?.sourceIds ?? []), ...from.messages.map(({ id }) => id)],
    through_turn: last.turn,
    through_seq: last.seq,
    context_window: window,
    tainted: (from.previous?.tainted ?? false) || from.messages.some(({ tainted }) => tainted),
    written_at: at,
  };
  await db
    .insertInto('session_summaries')
    .values({ org_id: actor.orgId, session_id: sessionId, ...row })
    .onConflict((conflict) => conflict.columns(['org_id', 'session_id']).doUpdateSet(row))
    .execute();
  return true;
}
