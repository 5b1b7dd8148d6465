import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database, type Part, part, Statement } from '@parley/platform/database';

export interface HistoryRow {
  readonly id: string;
  readonly role: 'user' | 'assistant' | 'system' | 'tool';
  readonly content: string;
  readonly status: 'complete' | 'partial' | 'deleted';
}

export interface SummaryText {
  readonly content: string;
  /** It rests on turns that held text of documents, files, the web or tools. */
  readonly tainted: boolean;
}

interface Place {
  readonly actor: Actor;
  readonly sessionId: string;
  /** `seq` of the user message that opened the turn. */
  readonly beforeTurn: number;
}

/** What a run is shown of its conversation. */
@Injectable()
export class HistoryRepository {
  constructor(private readonly database: Database) {}

  /**
   * The last messages of the turns before the one that `beforeTurn` opened, in turn order: by the
   * `seq` of the user message, then of its answers. Superseded, erased and hidden messages are left out.
   */
  async before(actor: Actor, sessionId: string, beforeTurn: number, limit: number): Promise<HistoryRow[]> {
    if (limit === 0) return [];
    const found = HISTORY.of({ actor, sessionId, beforeTurn, limit });
    await this.database.flight(actor, found);
    return found.rows.toReversed();
  }

  /** The summary of what is older than history, for the turn that `beforeTurn` opened: it holds nothing later. */
  async summaryBefore(actor: Actor, sessionId: string, beforeTurn: number): Promise<SummaryText | undefined> {
    const found = SUMMARY.of({ actor, sessionId, beforeTurn });
    await this.database.flight(actor, found);
    return found.rows[0];
  }
}

interface Shown {
  readonly actor: Actor;
  readonly sessionId: string;
  readonly limit: number;
}

const org = ({ actor }: { readonly actor: Actor }): string => actor.orgId;

/** The latest first: the index is read from its end, however long the session. */
const shownBefore = <F extends Shown>(turn: Part<F>): Statement<F, HistoryRow> =>
  new Statement(part<F>`
    select id, role, content, status from messages
    where session_id = ${({ sessionId }) => sessionId} and turn_seq < ${turn} and org_id = ${org}
      and not superseded and not hidden and status in ('complete', 'partial')
    order by turn_seq desc, seq desc limit ${({ limit }) => limit}::int`);

const HISTORY = shownBefore(part<Shown & Place>`${({ beforeTurn }) => beforeTurn}::bigint`);

/** What a run that is under way is shown; nothing where there is none. */
export const HISTORY_OF_RUN = shownBefore(part<Shown & { readonly runId: string }>`
  (select message_seq from runs where org_id = ${org} and id = ${({ runId }) => runId}
    and status = 'running')`);

const SUMMARY = new Statement<Place, SummaryText>(part<Place>`
  select content, tainted from session_summaries
  where org_id = ${org} and session_id = ${({ sessionId }) => sessionId}
    and through_turn < ${({ beforeTurn }) => beforeTurn}::bigint and content is not null`);
