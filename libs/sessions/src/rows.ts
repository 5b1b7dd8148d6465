import type { MessagesTable, RunsTable } from '@parley/schema';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { isRunEnd, type LogEvent, type LogEventType } from './log/log-events.js';
import type { MessageDto } from './messages/messages.dto.js';
import type { RunDto } from './runs/runs.dto.js';

export const MESSAGE_COLUMNS = [
  'id',
  'session_id',
  'run_id',
  'parent_id',
  'seq',
  'role',
  'author_type',
  'author_id',
  'author_name',
  'content',
  'parts',
  'attachments',
  'status',
  'superseded',
  'hidden',
  'finish_reason',
  'metadata',
  'created_at',
] as const;

export type MessageRow = Pick<Selectable<MessagesTable>, (typeof MESSAGE_COLUMNS)[number]>;

export const RUN_COLUMNS = [
  'id',
  'session_id',
  'message_id',
  'status',
  'attempt',
  'started_at',
  'finished_at',
  'error',
  'usage',
  'component_results',
  'last_seq',
] as const;

export type RunRow = Pick<Selectable<RunsTable>, (typeof RUN_COLUMNS)[number]>;

const parts = z.array(
  z.strictObject({ type: z.enum(['text', 'media']), text: z.string().optional(), media_id: z.string().optional() }),
);
const record = z.record(z.string(), z.unknown());
const usage = z.object({
  input_tokens: z.number(),
  output_tokens: z.number(),
  cost_usd: z.number().nullable(),
  models: z.array(z.string()),
});

/** A message as its reader may see it: of an erased or hidden one only that it was there. */
export function renderMessage(row: MessageRow): MessageDto {
  const blank = row.status === 'deleted' || row.hidden;
  return {
    message_id: row.id,
    session_id: row.session_id,
    run_id: row.run_id,
    parent_id: row.parent_id,
    seq: row.seq,
    role: row.role,
    author: { type: row.author_type, id: row.author_id, name: row.author_name },
    content: blank ? '' : row.content,
    parts: blank ? [] : renderParts(row),
    attachments: blank || row.attachments === null ? [] : readParts(row.attachments),
    status: row.status,
    superseded: row.superseded,
    finish_reason: row.finish_reason,
    metadata: row.hidden ? { hidden: true } : row.metadata,
    created_at: row.created_at.toISOString(),
  };
}

function renderParts(row: MessageRow): MessageDto['parts'] {
  return row.parts === null ? [{ type: 'text', text: row.content }] : readParts(row.parts);
}

function readParts(stored: unknown): MessageDto['parts'] {
  return parts.parse(stored).map(({ type, text, media_id }) => ({
    type,
    ...(text === undefined ? {} : { text }),
    ...(media_id === undefined ? {} : { media_id }),
  }));
}

export function renderRun(row: RunRow): RunDto {
  return {
    run_id: row.id,
    session_id: row.session_id,
    message_id: row.message_id,
    status: row.status,
    attempt: row.attempt,
    started_at: row.started_at?.toISOString() ?? null,
    finished_at: row.finished_at?.toISOString() ?? null,
    error: row.error === null ? null : record.parse(row.error),
    usage: row.usage === null ? null : usage.parse(row.usage),
    component_results: row.component_results === null ? null : record.parse(row.component_results),
    last_seq: row.last_seq,
  };
}

export interface EventRow {
  readonly seq: number;
  readonly type: string;
  readonly session_id: string;
  readonly run_id: string | null;
  readonly at: Date;
  readonly data: unknown;
}

/**
 * An event as it is read: messages and ended runs come from their rows as they are now, so that an
 * erased message is erased in every replay; earlier events of a run show it as it was then.
 */
export function renderEvent(row: EventRow, message: MessageDto | null, run: RunDto | null): LogEvent {
  const facts = row.data === null ? {} : record.parse(row.data);
  const type = readType(row.type);
  return {
    seq: row.seq,
    type,
    session_id: row.session_id,
    run_id: row.run_id,
    at: row.at.toISOString(),
    data: eventData(row.seq, type, facts, message, run),
  };
}

function eventData(
  seq: number,
  type: LogEventType,
  facts: Record<string, unknown>,
  message: MessageDto | null,
  run: RunDto | null,
): LogEvent['data'] {
  if (message !== null && type.startsWith('message.')) return message;
  if (run === null || !type.startsWith('run.')) return facts;
  if (isRunEnd(type)) return run;
  return { ...run, finished_at: null, error: null, usage: null, component_results: null, last_seq: seq, ...facts };
}

const TYPE = z.custom<LogEventType>((value) => typeof value === 'string' && /^[a-z]+\.[a-z]+$/.test(value));

function readType(text: string): LogEventType {
  const parsed = TYPE.safeParse(text);
  if (!parsed.success) throw new Error(`the log holds an event of the unknown shape of type ${text.slice(0, 40)}`);
  return parsed.data;
}
