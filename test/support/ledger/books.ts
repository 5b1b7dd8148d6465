import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ParleyClient } from '../nodes/client.js';
import { type Event, eventSchema, type Message, messageSchema, type Run, runSchema } from './wire.js';

/** A session as the service itself tells of it over REST. */
export interface Books {
  readonly lastSeq: number;
  readonly events: readonly Event[];
  /** In `seq` order. */
  readonly messages: readonly Message[];
  readonly runs: ReadonlyMap<string, Run>;
}

const sessionSchema = z.object({ last_seq: z.number().int() });
const RUNS_UNDER_WAY = new Set(['queued', 'running', 'waiting']);

export async function readBooks(client: ParleyClient, sessionId: string): Promise<Books> {
  const path = `/chat/sessions/${sessionId}`;
  const events = await all(client, `${path}/events?after=0`, eventSchema);
  const messages = await all(client, `${path}/messages?order=asc`, messageSchema);
  const runs = new Map<string, Run>();
  for (const runId of new Set(events.map((event) => event.run_id))) {
    if (runId !== null) runs.set(runId, runSchema.parse(await get(client, `${path}/runs/${runId}`)));
  }
  const { last_seq: lastSeq } = sessionSchema.parse(await get(client, path));
  return { lastSeq, events, messages, runs };
}

/** The books once nothing is under way and nothing has been added while they were read. */
export async function settledBooks(client: ParleyClient, sessionId: string, patienceMs: number): Promise<Books> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const books = await readBooks(client, sessionId);
    const open = [...books.runs.values()].filter((run) => RUNS_UNDER_WAY.has(run.status));
    if (open.length === 0 && books.events.length === books.lastSeq) return books;
    if (Date.now() > until) {
      const what = open.map((run) => `${run.run_id} ${run.status}`).join(', ');
      throw new Error(`${sessionId} does not settle: ${books.events.length} of ${books.lastSeq} events; ${what}`);
    }
    await sleep(200);
  }
}

async function all<T>(client: ParleyClient, path: string, shape: z.ZodType<T>): Promise<T[]> {
  const page = z.object({ items: z.array(shape), next_cursor: z.string().nullable() });
  const items: T[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const read = page.parse(await get(client, `${path}&limit=200${more}`));
    items.push(...read.items);
    cursor = read.next_cursor;
  }
  return items;
}

async function get(client: ParleyClient, path: string): Promise<unknown> {
  const { status, body } = await client.call<unknown>(path);
  if (status !== 200) throw new Error(`GET ${path} answered ${status} ${JSON.stringify(body).slice(0, 300)}`);
  return body;
}
