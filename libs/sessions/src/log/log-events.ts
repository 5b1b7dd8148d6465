import type { MessageDto } from '../messages/messages.dto.js';
import type { RunDto } from '../runs/runs.dto.js';

/** Every type of event that a session's log may hold. Within v1 types are only added. */
export const LOG_EVENT_TYPES = [
  'message.created',
  'message.updated',
  'run.queued',
  'run.started',
  'run.waiting',
  'run.resumed',
  'run.completed',
  'run.failed',
  'run.cancelled',
  'component.started',
  'component.completed',
  'tool.called',
  'tool.completed',
  'action.required',
  'session.updated',
] as const;
export type LogEventType = (typeof LOG_EVENT_TYPES)[number];

const RUN_ENDS: ReadonlySet<string> = new Set<LogEventType>(['run.completed', 'run.failed', 'run.cancelled']);

/** Nothing follows of the run. */
export function isRunEnd(type: string): boolean {
  return RUN_ENDS.has(type);
}

/** An event as every transport sends it. `seq` grows by exactly 1 per session. */
export interface LogEvent {
  readonly seq: number;
  readonly type: LogEventType;
  readonly session_id: string;
  readonly run_id: string | null;
  readonly at: string;
  readonly data: MessageDto | (RunDto & { settings_adjusted?: unknown }) | Record<string, unknown>;
}

/** Text on its way. `offset`: UTF-16 code units of the message that were sent before it. */
export interface Delta {
  readonly run_id: string;
  readonly message_id: string;
  readonly offset: number;
  readonly text: string;
}

/** The whole text so far of an answer that is being written. */
export interface Snapshot {
  readonly run_id: string;
  readonly message_id: string;
  readonly text: string;
}

export interface StatusNotice {
  readonly status: 'thinking' | 'typing' | 'ready';
  readonly run_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** An event before it is stored: references and small facts only, contents stay in the rows. */
export interface NewEvent {
  readonly type: LogEventType;
  readonly runId: string | null;
  readonly messageId: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
}

const SEQ = /^\d{1,15}$/;

/** The `seq` that a client names in a header or an address; undefined for anything else. */
export function parseSeq(text: string | undefined): number | undefined {
  return text !== undefined && SEQ.test(text) ? Number(text) : undefined;
}
