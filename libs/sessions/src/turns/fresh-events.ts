import type { Actor } from '@parley/auth';
import type { LogEvent } from '../log/log-events.js';
import { type MessageRow, type RunRow, renderMessage, renderRun } from '../rows.js';
import type { Accepted, Ended, NewAnswer, NewTurn, RunEnd } from './turns.types.js';

/** Of a run that ends, what its end does not say. */
interface BegunRun {
  readonly attempt: number;
  readonly startedAt: Date;
}

/** The events of a run's last transaction as the log would render them, without asking it. */
export function endedEvents(run: BegunRun, end: RunEnd, ended: Ended): LogEvent[] {
  const first = ended.lastSeq - end.events.length + 1;
  const at = end.at.toISOString();
  const answers = new Map(end.answers.map((answer) => [answer.id, answer]));
  return end.events.map((event, index): LogEvent => {
    const seq = first + index;
    const answer = event.messageId === null ? undefined : answers.get(event.messageId);
    const head = { seq, type: event.type, session_id: end.sessionId, run_id: end.runId, at };
    if (answer !== undefined) return { ...head, data: renderMessage(answerRow(end, answer, seq)) };
    if (event.data !== null) return { ...head, data: event.data };
    return { ...head, data: renderRun(endedRow(run, end, ended)) };
  });
}

function answerRow(end: RunEnd, answer: NewAnswer, seq: number): MessageRow {
  return {
    id: answer.id,
    session_id: end.sessionId,
    run_id: end.runId,
    parent_id: end.messageId,
    seq,
    role: 'assistant',
    author_type: 'agent',
    author_id: answer.authorId,
    author_name: answer.authorName,
    content: answer.content,
    parts: null,
    attachments: null,
    status: answer.status,
    superseded: answer.superseded,
    hidden: false,
    finish_reason: answer.finishReason,
    metadata: answer.metadata,
    created_at: end.at,
  };
}

function endedRow(run: BegunRun, end: RunEnd, ended: Ended): RunRow {
  return {
    id: end.runId,
    session_id: end.sessionId,
    message_id: end.messageId,
    status: end.status,
    attempt: run.attempt,
    started_at: run.startedAt,
    finished_at: end.at,
    error: end.error,
    usage: end.usage,
    component_results: end.componentResults,
    last_seq: ended.lastSeq,
  };
}

/** A run as the first transaction left it. */
export function acceptedRow(
  turn: { sessionId: string; runId: string; messageId: string; at: Date },
  accepted: Accepted,
): RunRow {
  return {
    id: turn.runId,
    session_id: turn.sessionId,
    message_id: turn.messageId,
    status: accepted.begun ? 'running' : 'queued',
    attempt: accepted.begun ? 1 : 0,
    started_at: accepted.begun ? turn.at : null,
    finished_at: null,
    error: null,
    usage: null,
    component_results: null,
    last_seq: accepted.lastSeq,
  };
}

/** The message as the first transaction stored it. */
export function sentRow(actor: Actor, turn: NewTurn, accepted: Accepted): MessageRow {
  return {
    id: turn.messageId,
    session_id: turn.sessionId,
    run_id: turn.runId,
    parent_id: accepted.parentId,
    seq: accepted.lastSeq - (accepted.begun ? 2 : 1),
    role: 'user',
    author_type: 'user',
    author_id: actor.principalId,
    author_name: turn.authorName,
    content: turn.content,
    parts: turn.parts,
    attachments: turn.attachments,
    status: 'complete',
    superseded: false,
    hidden: false,
    finish_reason: null,
    metadata: turn.metadata,
    created_at: turn.at,
  };
}

/** The events of a first transaction: the message, if one was sent, and what became of its run. */
export function acceptedEvents(
  turn: {
    sessionId: string;
    runId: string;
    messageId: string;
    at: Date;
    plan: { answers: string | null; adjusted: readonly unknown[] };
  },
  accepted: Accepted,
  message: MessageRow | null,
): LogEvent[] {
  const at = turn.at.toISOString();
  const head = { session_id: turn.sessionId, run_id: turn.runId, at };
  const run = renderRun(acceptedRow(turn, accepted));
  const events: Omit<LogEvent, 'seq'>[] = [];
  if (message !== null) events.push({ ...head, type: 'message.created', data: renderMessage(message) });
  if (accepted.begun) {
    events.push({ ...head, type: 'run.started', data: { ...run, settings_adjusted: turn.plan.adjusted } });
    events.push({ ...head, type: 'component.started', data: { component: turn.plan.answers } });
  } else {
    events.push({ ...head, type: 'run.queued', data: run });
  }
  const first = accepted.lastSeq - events.length + 1;
  // Of an unfinished run each event says how far the log had come with it, live and in a replay alike.
  return events.map((event, index) => {
    const seq = first + index;
    return 'last_seq' in event.data ? { seq, ...event, data: { ...event.data, last_seq: seq } } : { seq, ...event };
  });
}
