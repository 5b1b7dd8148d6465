import { type Actor, systemActor } from '@parley/auth';
import { newId } from '@parley/platform/ids';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { DEFAULT_ORG_ID } from '@parley/schema';
import { AppendRepository } from './log/append.repository.js';
import { LogRepository } from './log/log.repository.js';
import { FeedbackRepository } from './messages/feedback.repository.js';
import { MessagesRepository } from './messages/messages.repository.js';
import type { RunRow } from './rows.js';
import { DraftsRepository } from './runs/drafts.repository.js';
import { LeasesRepository } from './runs/leases.repository.js';
import { RunsRepository } from './runs/runs.repository.js';
import { CloneRepository } from './sessions/clone.repository.js';
import { SessionsRepository } from './sessions/sessions.repository.js';
import { SummariesRepository } from './sessions/summaries.repository.js';
import { TitlesRepository } from './sessions/titles.repository.js';
import { AcceptRepository } from './turns/accept.repository.js';
import { FinishRepository } from './turns/finish.repository.js';
import { HistoryRepository } from './turns/history.repository.js';
import { RepetitionsRepository } from './turns/repetitions.repository.js';
import type { Accepted, Admission, Ended, Fence, FrozenPlan, NewAnswer, NewTurn, RunEnd } from './turns/turns.types.js';

export const NODE = 'node_a';
const PLAN: FrozenPlan = { version: 1, settings: {}, adjusted: [], answers: 'text_chat' };
export const ADMISSION: Admission = {
  nodeId: NODE,
  leaseSeconds: 10,
  nodeHasRoom: true,
  onBusy: 'queue',
  maxQueued: 20,
  maxRunning: null,
};

/** A user message, as a regeneration names it. */
interface Asked {
  readonly sessionId: string;
  readonly messageId: string;
  readonly seq: number;
  readonly content: string;
}

/** A turn that was handed in, and what became of it. */
export interface Given {
  readonly turn: NewTurn;
  readonly accepted: Accepted | null;
}

/** The repositories of conversations on a database of their own, and the steps of a turn as the chat takes them. */
export class Conversations {
  readonly accept: AcceptRepository;
  readonly appends: AppendRepository;
  readonly clones: CloneRepository;
  readonly drafts: DraftsRepository;
  readonly feedback: FeedbackRepository;
  readonly finish: FinishRepository;
  readonly leases: LeasesRepository;
  readonly log: LogRepository;
  readonly messages: MessagesRepository;
  readonly history: HistoryRepository;
  readonly repetitions: RepetitionsRepository;
  readonly runs: RunsRepository;
  readonly sessions: SessionsRepository;
  readonly summaries: SummariesRepository;
  readonly titles: TitlesRepository;
  private time = Date.parse('2026-11-21T12:00:00.000Z');

  private constructor(readonly db: TestDatabase) {
    const { database } = db;
    this.accept = new AcceptRepository(database);
    this.appends = new AppendRepository(database);
    this.clones = new CloneRepository(database);
    this.drafts = new DraftsRepository(database);
    this.feedback = new FeedbackRepository(database);
    this.finish = new FinishRepository(database);
    this.leases = new LeasesRepository(database);
    this.log = new LogRepository(database);
    this.messages = new MessagesRepository(database);
    this.history = new HistoryRepository(database);
    this.repetitions = new RepetitionsRepository(database);
    this.runs = new RunsRepository(database);
    this.sessions = new SessionsRepository(database);
    this.summaries = new SummariesRepository(database);
    this.titles = new TitlesRepository(database);
  }

  static async open(): Promise<Conversations> {
    return new Conversations(await openTestDatabase());
  }

  close(): Promise<void> {
    return this.db.close();
  }

  /** A moment after all earlier ones. */
  now(): Date {
    this.time += 1000;
    return new Date(this.time);
  }

  async user(): Promise<Actor> {
    const principalId = newId('user');
    await this.db.pool.query("insert into principals (id, kind, created_at) values ($1, 'user', now())", [principalId]);
    await this.db.pool.query('insert into memberships (org_id, principal_id, joined_at) values ($1, $2, now())', [
      DEFAULT_ORG_ID,
      principalId,
    ]);
    return { ...systemActor(DEFAULT_ORG_ID, []), kind: 'user', principalId, name: 'Ada' };
  }

  async session(actor: Actor, settings: Record<string, unknown> = {}): Promise<string> {
    const id = newId('session');
    const rest = { title: null, tags: [], metadata: {}, at: this.now() };
    await this.sessions.insert(actor, { id, useCase: 'basic_chat', settings, ...rest });
    return id;
  }

  turn(sessionId: string, more: Partial<NewTurn> = {}): NewTurn {
    return {
      sessionId,
      messageId: newId('message'),
      runId: newId('run'),
      useCase: 'basic_chat',
      content: 'Hello?',
      parts: null,
      attachments: null,
      metadata: {},
      clientMessageId: null,
      untitled: true,
      authorName: 'Ada',
      context: {},
      plan: PLAN,
      historyLimit: 20,
      correlationId: null,
      idempotency: null,
      at: this.now(),
      ...more,
    };
  }

  async give(
    actor: Actor,
    sessionId: string,
    more: Partial<NewTurn> = {},
    admission: Partial<Admission> = {},
  ): Promise<Given> {
    const turn = this.turn(sessionId, more);
    const accepted = await this.accept.send(actor, turn, { ...ADMISSION, ...admission });
    if (accepted === 'gone-on') throw new Error('a turn that was never sent before');
    return { turn, accepted };
  }

  /** A user message whose run is under way, or waits. @throws Error when it was not accepted */
  async send(actor: Actor, sessionId: string, content: string): Promise<NewTurn & { accepted: Accepted; seq: number }> {
    const { turn, accepted } = await this.give(actor, sessionId, { content });
    if (accepted === null) throw new Error('the message was refused');
    return { ...turn, accepted, seq: accepted.lastSeq - (accepted.begun ? 2 : 1) };
  }

  /** A regeneration that begins at once. @throws Error when it was not accepted */
  async regenerate(actor: Actor, asked: Asked) {
    const given = await this.regenerateOrNot(actor, asked);
    if (given === null) throw new Error('the regeneration was refused');
    return given;
  }

  async regenerateOrNot(actor: Actor, asked: Asked) {
    const {
      parts: _p,
      attachments: _a,
      metadata: _m,
      clientMessageId: _c,
      authorName: _n,
      ...turn
    } = this.turn(asked.sessionId, { messageId: asked.messageId, content: asked.content });
    const accepted = await this.accept.regenerate(actor, { ...turn, messageSeq: asked.seq }, ADMISSION);
    if (accepted === 'gone-on') throw new Error('a turn that was never sent before');
    return accepted === null ? null : { ...turn, accepted, seq: asked.seq };
  }

  answer(content: string, more: Partial<NewAnswer> = {}): NewAnswer {
    return {
      id: newId('message'),
      authorId: 'helpful_assistant',
      authorName: 'Helper',
      content,
      status: 'complete',
      superseded: false,
      finishReason: 'stop',
      metadata: {},
      ...more,
    };
  }

  ending(
    run: { sessionId: string; runId: string; messageId: string; seq: number },
    answers: readonly NewAnswer[],
    more: Partial<RunEnd> = {},
  ): RunEnd {
    const { sessionId, runId, messageId, seq } = run;
    const status = more.status ?? 'completed';
    return {
      sessionId,
      runId,
      messageId,
      messageSeq: seq,
      status,
      error: null,
      usage: { input_tokens: 3, output_tokens: 2, cost_usd: null, models: ['fake-1'] },
      componentResults: { text_chat: { success: status === 'completed' } },
      answers,
      events: [
        { type: 'component.completed', runId, messageId: null, data: { component: 'text_chat', success: true } },
        ...answers.map((answer) => ({
          type: 'message.created' as const,
          runId,
          messageId: answer.id,
          data: null,
        })),
        { type: `run.${status}`, runId, messageId: null, data: null },
      ],
      calls: [],
      hasDrafts: false,
      writes: [],
      supersedes: false,
      at: this.now(),
      ...more,
    };
  }

  /** Ends a run as the node that holds its lease. */
  end(actor: Actor, end: RunEnd, fence: Partial<Fence> = {}): Promise<Ended> {
    return this.finish.end(actor, end, { nodeId: NODE, attempt: 1, lapsed: false, ...fence });
  }

  /** A whole turn: question and answer. */
  async exchange(actor: Actor, sessionId: string, question: string, answer: string) {
    const asked = await this.send(actor, sessionId, question);
    const said = this.answer(answer);
    await this.end(actor, this.ending(asked, [said]));
    return { asked, said };
  }

  begin(actor: Actor, sessionId: string, bounds: { nodeId?: string; maxRunning?: number } = {}) {
    const { nodeId = NODE, maxRunning = null } = bounds;
    return this.runs.beginNext(actor, sessionId, { nodeId, leaseSeconds: 10, maxRunning, at: this.now() }, () => PLAN);
  }

  async run(actor: Actor, sessionId: string, runId: string): Promise<RunRow> {
    const run = await this.runs.find(actor, sessionId, runId);
    if (run === undefined) throw new Error('there is no such run');
    return run;
  }

  async messagesOf(actor: Actor, sessionId: string) {
    return (await this.messages.page(actor, sessionId, { after: null, limit: 1000, order: 'asc' })) ?? [];
  }

  async events(actor: Actor, sessionId: string, after = 0) {
    return (await this.log.page(actor, sessionId, after, 1000))?.events ?? [];
  }

  /** The lease of a run is over, by the database's clock. */
  async lapse(runId: string): Promise<void> {
    await this.db.pool.query("update runs set lease_until = clock_timestamp() - interval '1 second' where id = $1", [
      runId,
    ]);
  }

  async count(table: 'messages' | 'runs' | 'session_events' | 'message_drafts' | 'usage', sessionId: string) {
    const { rows } = await this.db.pool.query<{ n: number }>(
      `select count(*)::int as n from ${table} where session_id = $1`,
      [sessionId],
    );
    return rows[0]?.n ?? 0;
  }
}
