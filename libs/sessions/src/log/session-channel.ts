import type { Bus, BusMessage } from '@parley/platform/bus';
import { z } from 'zod';
import type { Delta, LogEvent } from './log-events.js';

/** The bus channel on which readers of a session are woken. */
export const sessionChannel = (sessionId: string): string => `session:${sessionId}`;

/** What travels to readers besides the number at which the log stands. Not in the log: derivable. */
export type SessionSignal =
  | { readonly kind: 'delta'; readonly delta: Delta }
  | { readonly kind: 'gone' }
  | { readonly kind: 'typing'; readonly principalId: string; readonly isTyping: boolean };

/** Events handed to readers of this process as they were stored, to save them the way to the log. */
export interface FreshEvents {
  readonly kind: 'events';
  readonly events: readonly LogEvent[];
}

const delta = z.object({ run_id: z.string(), message_id: z.string(), offset: z.number().int(), text: z.string() });
const signal = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('delta'), delta }),
  z.object({ kind: z.literal('gone') }),
  z.object({ kind: z.literal('typing'), principalId: z.string(), isTyping: z.boolean() }),
]);

/** Tells readers everywhere that the log of a session has grown. */
export function announceEvents(bus: Bus, sessionId: string, lastSeq: number, events: readonly LogEvent[]): void {
  const fresh: FreshEvents = { kind: 'events', events };
  bus.publish(sessionChannel(sessionId), { wake: lastSeq, local: fresh });
}

/** As `announceEvents`, where the events are not at hand: readers fetch them. */
export function announceWake(bus: Bus, sessionId: string, lastSeq: number): void {
  bus.publish(sessionChannel(sessionId), { wake: lastSeq });
}

export function announceSignal(bus: Bus, sessionId: string, body: SessionSignal): void {
  bus.publish(sessionChannel(sessionId), { body });
}

/** The session was deleted, or is seen by fewer people: readers ask whether they may go on. */
export function announceGone(bus: Bus, sessionId: string): void {
  announceSignal(bus, sessionId, { kind: 'gone' });
}

/** What a reader learns from one message of the channel. */
export interface Heard {
  /** The `seq` at which the log stands. */
  readonly wake: number | undefined;
  /** The last events up to it, where this process stored them. */
  readonly fresh: readonly LogEvent[] | undefined;
  readonly signal: SessionSignal | undefined;
}

/** What a message of the channel says; a body from another node is parsed before it is trusted. */
export function hear(message: BusMessage, origin: 'local' | 'remote'): Heard {
  const fresh = origin === 'local' && isFresh(message.local) ? message.local.events : undefined;
  const heard = origin === 'local' && isSignal(message.body) ? message.body : parseSignal(message.body);
  return { wake: message.wake, fresh, signal: heard };
}

function parseSignal(body: unknown): SessionSignal | undefined {
  if (body === undefined) return undefined;
  const parsed = signal.safeParse(body);
  return parsed.success ? parsed.data : undefined;
}

/** Local bodies come by reference from `announceSignal`: their kind is proof enough, and cheap. */
function isSignal(body: unknown): body is SessionSignal {
  return typeof body === 'object' && body !== null && 'kind' in body;
}

function isFresh(local: unknown): local is FreshEvents {
  return typeof local === 'object' && local !== null && 'kind' in local && local.kind === 'events';
}
